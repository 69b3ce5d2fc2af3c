#include "controller/cli/stored_plans.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "controller/http/target.h"
#include "manifests/loader.h"
#include "reconciler/json_parts.h"

namespace portolan::controller {
namespace {

using manifests::Value;

// Of one request: a daemon answers with as many as fit, and says where to go on.
constexpr std::size_t kPlansAsked = 500;

// An answer of GET /v1/plans, taken apart so that a plan finds its parts by name.
class Page {
 public:
  explicit Page(Value answer) : answer_(std::move(answer)) {
    for (const Value& commit : ItemsOf(answer_, "commits"))
      trees_[NameOf(commit)] = commit.Find("files");
    for (const Value& commit : ItemsOf(answer_, "unreadable"))
      unreadable_[NameOf(commit)] = commit.StringOr("message", "");
    if (const Value* contents = answer_.Find("contents"); contents && contents->is_object())
      for (const auto& [name, text] : contents->as_object())
        if (text.is_string()) contents_[name] = &text.as_string();
  }

  const Value::Array& plans() const { return ItemsOf(answer_, "plans"); }
  std::optional<std::int64_t> next() const {
    const Value* next = answer_.Find("next");
    if (next == nullptr || !next->is_int()) return std::nullopt;
    return next->as_int();
  }

  // The commit of a plan as the source's tree. The page outlives the artifact.
  Result<manifests::Artifact> TreeOf(const Value& record, const manifests::Revision& revision) {
    const std::pair<std::string, std::string> name{record.StringOr("source", ""), revision.commit};
    if (const auto failed = unreadable_.find(name); failed != unreadable_.end())
      return Error{ErrorCode::kNotFound, failed->second};
    const auto tree = trees_.find(name);
    if (tree == trees_.end() || tree->second == nullptr || !tree->second->is_object())
      return Error{ErrorCode::kCorrupt, "the daemon did not send the files of its commit"};
    manifests::Artifact artifact;
    artifact.revision = revision;
    for (const auto& [path, content] : tree->second->as_object()) {
      const auto bytes = contents_.find(content.is_string() ? content.as_string() : "");
      if (bytes == contents_.end())
        return Error{ErrorCode::kCorrupt, "the daemon did not send " + path + " of its commit"};
      artifact.files.push_back({path, bytes->first, bytes->second->size()});
    }
    std::ranges::sort(artifact.files, {}, &manifests::ArtifactFile::path);
    artifact.read = [this](const manifests::ArtifactFile& file) -> Result<std::string> {
      return *contents_.at(file.oid);
    };
    return artifact;
  }

  const Value* Base(const std::string& digest) const {
    const Value* bases = answer_.Find("bases");
    return bases == nullptr ? nullptr : bases->Find(digest);
  }

 private:
  static std::pair<std::string, std::string> NameOf(const Value& commit) {
    return {std::string(commit.StringOr("source", "")), std::string(commit.StringOr("commit", ""))};
  }

  Value answer_;
  std::map<std::pair<std::string, std::string>, const Value*> trees_;
  std::map<std::pair<std::string, std::string>, std::string> unreadable_;
  std::map<std::string, const std::string*> contents_;
};

class Rebuilder {
 public:
  using Each = std::function<Status(reconciler::MapPlan&, const PlanParts&)>;
  explicit Rebuilder(const Each& each) : each_(each) {}

  Status Make(Page& page, const Value& record) {
    const Value* revision = record.Find("revision");
    if (revision == nullptr) return Error{ErrorCode::kCorrupt, "its record has no revision"};
    PORTOLAN_TRY(const auto of, reconciler::RevisionFromValue(*revision));
    const std::string source(record.StringOr("source", ""));
    // Plans of one commit follow each other: they were judged at one time.
    if (!desired_ || source_ != source || desired_->revision.commit != of.commit) {
      desired_.reset();
      PORTOLAN_TRY(const manifests::Artifact tree, page.TreeOf(record, of));
      PORTOLAN_TRY(desired_, loader_.Load(tree));
      source_ = source;
    }
    PORTOLAN_TRY(const mapcore::VersionPtr base, BaseOf(page, record));
    PORTOLAN_TRY(const Value identity, manifests::ParseJson(record.StringOr("identity", "")));
    const PlanParts parts{record, *desired_, base.get(),
                          std::string(identity.StringOr("environment", ""))};
    PORTOLAN_TRY(reconciler::MapPlan plan, RebuildPlan(parts));
    return each_(plan, parts);
  }

 private:
  // What the daemon sent, else what the changes lead back to. The plan's digest covers it.
  Result<mapcore::VersionPtr> BaseOf(const Page& page, const Value& record) const {
    const std::string digest(record.StringOr("base", ""));
    if (digest.empty()) return mapcore::VersionPtr();
    if (const Value* entries = page.Base(digest); entries != nullptr && entries->is_object()) {
      std::vector<mapcore::Entry> list;
      for (const auto& [key, value] : entries->as_object())
        list.push_back({key, manifests::CanonicalJson(value)});
      return mapcore::MapVersion::FromEntries(std::move(list));
    }
    const auto map = desired_->maps.find(std::string(record.StringOr("map", "")));
    if (map == desired_->maps.end())
      return Error{ErrorCode::kCorrupt, "its commit does not declare the map without errors"};
    auto base = TakeBack(record, *map->second->version);
    if (!base.ok() && base.error().code == ErrorCode::kNotFound)
      return Error{ErrorCode::kNotFound,
                   "the version before it is not stored any more, and " + base.error().message};
    return base;
  }

  const Each& each_;
  manifests::Loader loader_;
  std::optional<manifests::DesiredState> desired_;
  std::string source_;
};

}  // namespace

Result<std::vector<SkippedPlan>> ForStoredPlans(
    VerbSession& session, const StoredPlanQuery& query,
    const std::function<Status(reconciler::MapPlan&, const PlanParts&)>& each) {
  std::vector<SkippedPlan> skipped;
  Rebuilder rebuilder(each);
  std::set<std::string> seen;  // one that is judged meanwhile moves the others
  for (std::size_t skip = 0; skip < query.count;) {
    std::string target =
        "/v1/plans?limit=" + std::to_string(std::min(query.count - skip, kPlansAsked)) +
        "&skip=" + std::to_string(skip);
    if (!query.source.empty()) target += "&source=" + PercentEncode(query.source);
    PORTOLAN_TRY(Value answer, session.Get(target));
    Page page(std::move(answer));
    for (const Value& record : page.plans()) {
      const std::string id(record.StringOr("id", ""));
      if (!seen.insert(id).second) continue;
      if (const Status made = rebuilder.Make(page, record); !made.ok())
        skipped.push_back({id, std::string(record.StringOr("map", "")), made.error().message});
    }
    const auto next = page.next();
    if (!next || static_cast<std::size_t>(*next) <= skip) break;
    skip = static_cast<std::size_t>(*next);
  }
  return skipped;
}

}  // namespace portolan::controller
