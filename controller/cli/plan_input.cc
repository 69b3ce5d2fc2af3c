#include "controller/cli/plan_input.h"

#include "controller/config/signers_file.h"
#include "controller/git/local_tree.h"
#include "controller/http/target.h"
#include "controller/signature/commit_verifier.h"
#include "manifests/directory_artifact.h"
#include "manifests/loader.h"
#include "reconciler/analysis/metric_expression.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Result<manifests::Artifact> OpenTree(const TreeLocation& location) {
  if (!location.revision.empty())
    return OpenLocalRevision(location.repository, location.revision, location.path);
  if (location.path.empty() || location.path == "/")
    return manifests::ReadDirectory(location.repository);
  return manifests::ReadDirectory(location.repository + "/" + location.path);
}

// The source of that name, or the only one.
Result<Value> ChooseSource(VerbSession& session, const std::string& name) {
  PORTOLAN_TRY(const Value answer, session.Get("/v1/sources"));
  const auto& sources = ItemsOf(answer, "sources");
  if (name.empty() && sources.size() == 1) return sources.front();
  std::string names;
  for (const Value& source : sources) {
    if (!name.empty() && source.StringOr("name", "") == name) return source;
    names += (names.empty() ? "" : ", ") + std::string(source.StringOr("name", ""));
  }
  if (name.empty() && !sources.empty())
    return Error{ErrorCode::kInvalid,
                 "the daemon watches several sources; name one with --source: " + names};
  return Error{ErrorCode::kNotFound, sources.empty() ? "the daemon watches no source"
                                                     : "the daemon watches no source \"" + name +
                                                           "\"; it watches " + names};
}

Result<mapcore::VersionPtr> FetchStableVersion(VerbSession& session, const std::string& map) {
  PORTOLAN_TRY(const Value answer,
               session.Get("/v1/maps/" + PercentEncode(map) +
                           EncodeQuery({{"arm", "stable"}, {"overrides", "off"}})));
  std::vector<mapcore::Entry> entries;
  const Value* found = answer.Find("entries");
  if (found != nullptr && found->is_object())
    for (const auto& [key, value] : found->as_object())
      entries.push_back({key, manifests::CanonicalJson(value)});
  PORTOLAN_TRY(mapcore::VersionPtr version, mapcore::MapVersion::FromEntries(std::move(entries)));
  const std::string_view digest = answer.StringOr("digest", "");
  if (version->digest().ToString() != digest)
    return Error{ErrorCode::kDenied, "the entries of \"" + map + "\" are not those of " +
                                         ShortDigest(digest) +
                                         ": values are masked for this token; a plan needs a token "
                                         "that may read them"};
  return version;
}

}  // namespace

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

Result<manifests::DesiredState> LoadTree(const TreeLocation& location) {
  PORTOLAN_TRY(const manifests::Artifact artifact, OpenTree(location));
  return manifests::Loader({}, reconciler::CheckMetricExpression).Load(artifact);
}

Result<LocalSigners> ReadLocalSigners(const TreeLocation& location, const std::string& signers) {
  PORTOLAN_CHECK(LoadSigners(signers));
  PORTOLAN_TRY(const SignedCommit commit, ReadLocalCommit(location.repository, location.revision));
  CommitVerifier verifier([&] { return LoadSigners(signers); });
  auto identities = verifier.Verify(commit);
  if (identities.ok()) return LocalSigners{*std::move(identities), ""};
  if (identities.error().code != ErrorCode::kDenied) return identities.error();
  return LocalSigners{{}, identities.error().message};
}

reconciler::StableVersions VersionsOf(const manifests::DesiredState& state) {
  reconciler::StableVersions versions;
  for (const auto& [name, map] : state.maps) versions[name] = map->version;
  return versions;
}

reconciler::ServedMarks MarksOf(const manifests::DesiredState& state) {
  reconciler::ServedMarks marks;
  for (const auto& [name, map] : state.maps) marks[name] = map->sensitive;
  return marks;
}

Result<DaemonBase> FetchDaemonBase(VerbSession& session, const std::string& source) {
  PORTOLAN_TRY(const Value chosen, ChooseSource(session, source));
  DaemonBase base{std::string(chosen.StringOr("name", "")),
                  std::string(chosen.StringOr("path", "")),
                  "default",
                  {}};
  PORTOLAN_TRY(const Value status, session.Get("/v1/status"));
  const Value* daemon = status.Find("daemon");
  if (daemon != nullptr) base.environment = daemon->StringOr("environment", base.environment);
  for (const Value& map : ItemsOf(status, "maps")) {
    if (map.StringOr("source", "") != base.source) continue;
    const std::string name(map.StringOr("map", ""));
    const Value* stable = map.Find("stable");
    base.stable[name] = nullptr;
    if (stable == nullptr || stable->is_null()) continue;
    PORTOLAN_TRY(base.stable[name], FetchStableVersion(session, name));
  }
  return base;
}

}  // namespace portolan::controller
