#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/reconcile/source_reconciler.h"
#include "tests/controller/reconcile/world.h"

namespace portolan::controller {

using FileTexts = std::map<std::string, std::string>;

// A branch whose commits are in memory. A commit is named by one letter: 'a' is forty times "a".
class ScriptedGit final : public reconciler::GitSource {
 public:
  static std::string Name(char commit) { return std::string(40, commit); }

  // The branch's tip is this commit from now on; `move` is how it got there from an older one.
  void Push(char commit, FileTexts files,
            reconciler::BranchMove move = reconciler::BranchMove::kFastForward) {
    commits_[Name(commit)] = std::move(files);
    if (move == reconciler::BranchMove::kFastForward) line_.push_back(Name(commit));
    tip_ = Name(commit);
    move_ = move;
  }
  // Back to a commit that was pushed before.
  void Reset(char commit) { tip_ = Name(commit); }
  void Delete() { tip_.clear(); }
  void FailFetches(Error error) { fetch_error_ = std::move(error); }
  void FailOpens(Error error) { open_error_ = std::move(error); }
  void Heal() {
    fetch_error_.reset();
    open_error_.reset();
  }

  Result<reconciler::FetchResult> Fetch(const std::string& followed) override {
    ++fetches;
    if (fetch_error_) return *fetch_error_;
    if (tip_.empty()) return reconciler::FetchResult{reconciler::BranchMove::kGone, "", ""};
    const FileTexts& files = commits_.at(tip_);
    std::string content;
    for (const auto& [path, text] : files) content += path + "\n" + text + "\n";
    const std::string tree = files.empty() ? "" : Sha256Of(content).Hex();
    if (followed.empty())
      return reconciler::FetchResult{reconciler::BranchMove::kFirst, tip_, tree};
    if (followed == tip_)
      return reconciler::FetchResult{reconciler::BranchMove::kUnchanged, tip_, tree};
    return reconciler::FetchResult{move_, tip_, tree};
  }

  Result<manifests::Artifact> Open(const std::string& commit) override {
    if (open_error_) return *open_error_;
    manifests::Artifact artifact;
    artifact.revision = {"main", commit, author, "Commit " + commit.substr(0, 1), time};
    if (const auto other = authors.find(commit.front()); other != authors.end())
      artifact.revision.author = other->second;
    for (const auto& [path, message] : refusals)
      artifact.refusals.push_back({path, "SymlinkRefused", message});
    const FileTexts& files = commits_.at(commit);
    for (const auto& [path, text] : files)
      artifact.files.push_back({path, Sha256Of(text).Hex(), text.size()});
    artifact.read = [files](const manifests::ArtifactFile& file) -> Result<std::string> {
      return files.at(file.path);
    };
    return artifact;
  }

  // What the commit's signature says; without a word, nobody signed it and nothing is demanded.
  void Sign(char commit, Result<std::vector<std::string>> signers) {
    signers_.insert_or_assign(Name(commit), std::move(signers));
  }
  Result<std::vector<std::string>> Signers(const std::string& followed,
                                           const std::string& commit) override {
    verified.push_back(followed);
    const auto known = signers_.find(commit);
    if (!followed.empty() && range_error_) return *range_error_;
    return known == signers_.end() ? std::vector<std::string>{} : known->second;
  }
  // A commit between the one followed and any other is badly signed.
  void FailRanges(Error error) { range_error_ = std::move(error); }
  Result<std::vector<std::string>> Commits(const std::string& from,
                                           const std::string& to) override {
    const auto first = std::ranges::find(line_, from);
    const auto last = std::ranges::find(line_, to);
    if (first == line_.end() || last == line_.end() || last < first)
      return Error{ErrorCode::kNotFound, "NotAnAncestor: " + from};
    return std::vector<std::string>(first + 1, last + 1);
  }

  Status Pin(const std::string& commit) override {
    pinned.push_back(commit);
    return {};
  }

  int fetches = 0;
  std::string author = "Ana <ana@example.com>";
  std::map<char, std::string> authors;  // of single commits
  WallTime time{};                      // of every commit
  FileTexts refusals;                   // path -> why, of every commit
  std::vector<std::string> pinned;
  std::vector<std::string> verified;  // the commits from which it was asked to verify

 private:
  std::map<std::string, FileTexts> commits_;
  std::vector<std::string> line_;  // of the branch, oldest first
  std::string tip_;
  reconciler::BranchMove move_ = reconciler::BranchMove::kFastForward;
  std::optional<Error> fetch_error_;
  std::optional<Error> open_error_;
  std::map<std::string, Result<std::vector<std::string>>> signers_;
  std::optional<Error> range_error_;
};

// A map manifest: entries as YAML flow, "{a: 1, b: 2}"; rolled out by time alone.
inline std::string MapText(const std::string& name, const std::string& entries) {
  return "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: " + name +
         "}\nspec:\n  rollout: {strategy: quick}\n  entries: " + entries + "\n";
}

inline const std::string kQuickStrategyText =
    "apiVersion: portolan/v1\nkind: RolloutStrategy\nmetadata: {name: quick}\nspec:\n  steps:\n    "
    "- setWeight: 5%\n"
    "    - pause: {duration: 10s}\n    - setWeight: 100%\n  minLookups: 0\n  bake: 30s\n";

// Manifests of these maps, with their strategy.
inline FileTexts MapsOf(const std::map<std::string, std::string>& entries) {
  FileTexts files{{"strategies/quick.yaml", kQuickStrategyText}};
  for (const auto& [name, text] : entries) files["maps/" + name + ".yaml"] = MapText(name, text);
  return files;
}

// Of a map with a key "db/password" that git marks as sensitive, a map "other" with another, and a
// hard policy that an update of the key "a" breaks, with this message.
inline FileTexts MarkedMaps(const std::string& map, const std::string& message) {
  FileTexts files =
      MapsOf({{map, "{a: 1, db/password: hunter2}"}, {"other", "{db/password: hunter3}"}});
  for (const std::string& name : {map, std::string("other")})
    files["maps/" + name + ".yaml"] += "  sensitive: [\"db/*\"]\n";
  files["policies/keep.yaml"] =
      "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: keep, owner: o@x}\nspec:\n"
      "  scope: change\n  level: hard\n  rule: change.op != 'update' || change.key != 'a'\n"
      "  message: \"" +
      message + "\"\n";
  return files;
}

// A SourceReconciler on a scripted branch, in a World.
struct FollowedSource {
  FollowedSource(World& in, SourceSettings settings, ExternalApproval* external = nullptr,
                 BindingPolicies* binding = nullptr)
      : world(in),
        source(std::move(settings),
               {git, world.store, world.versions, world.rollouts,
                [this](reconciler::Event event) { events.push_back(std::move(event)); }, nullptr,
                external, binding},
               7) {}

  Duration Look() {
    return world.Serving([this] { return source.Look(world.clock.now()); });
  }
  // Looks when it is due again.
  Duration LookLater() {
    world.clock.Advance(std::chrono::minutes(1));
    return Look();
  }
  void Push(char commit, FileTexts files,
            reconciler::BranchMove move = reconciler::BranchMove::kFastForward) {
    git.Push(commit, std::move(files), move);
    LookLater();
  }

  World& world;
  ScriptedGit git;
  std::vector<reconciler::Event> events;
  SourceReconciler source;
};

inline SourceSettings SettingsOf(const std::string& name) {
  SourceSettings settings;
  settings.name = name;
  settings.url = "https://git.example.com/maps.git";
  settings.branch = "main";
  settings.path = "maps";
  settings.environment.name = "test";
  return settings;
}

}  // namespace portolan::controller
