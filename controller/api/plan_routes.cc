// The newest stored plans, with what they were made of, so that others can judge them again.
#include <algorithm>
#include <set>

#include "controller/api/api.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::uint64_t kLimitDefault = 100;
constexpr std::uint64_t kLimitMax = 10'000;
// Of files in one answer; a client asks on from `next`. A commit is never cut, so that an answer
// may be larger by one commit of each source.
constexpr std::size_t kBytesMax = std::size_t{32} << 20;
constexpr Duration kFilesDeadline = std::chrono::seconds(60);

struct Stored {
  std::string judged_at;  // RFC 3339 in UTC: sorts by time
  std::string id;
  std::string source;
  std::string commit;
  Value record;
};

// Newest first. Those of policies, and those of a version that did not keep what judged, are none.
Result<std::vector<Stored>> StoredPlans(const Api& api, std::string_view source) {
  std::vector<Stored> plans;
  PORTOLAN_CHECK(ForEachPlan(api, [&](Value record) {
    const Value* judged = record.Find("judgedIn");
    const Value* revision = record.Find("revision");
    if (judged == nullptr || revision == nullptr) return;
    if (!source.empty() && record.StringOr("source", "") != source) return;
    Stored plan{std::string(judged->StringOr("at", "")),
                std::string(record.StringOr("id", "")),
                std::string(record.StringOr("source", "")),
                std::string(revision->StringOr("commit", "")),
                {}};
    plan.record = std::move(record);
    plans.push_back(std::move(plan));
  }));
  std::ranges::sort(plans, [](const Stored& a, const Stored& b) {
    return std::tie(b.judged_at, b.id) < std::tie(a.judged_at, a.id);
  });
  return plans;
}

// The changes of a record lead back to the version before, unless it does not keep them all.
bool NeedsBase(const Value& record) {
  const Value* changes = record.Find("changes");
  const Value* counts = record.Find("counts");
  if (record.StringOr("base", "").empty() || changes == nullptr || counts == nullptr) return false;
  const std::int64_t made =
      counts->IntOr("created", 0) + counts->IntOr("updated", 0) + counts->IntOr("deleted", 0);
  const auto& kept = changes->as_array();
  return static_cast<std::int64_t>(kept.size()) != made ||
         std::ranges::any_of(kept,
                             [](const Value& change) { return change.BoolOr("sensitive", false); });
}

// What one source has of the commits, each content once for all sources.
struct Trees {
  std::set<std::pair<std::string, std::string>> known;  // source and commit, readable or not
  Value::Array commits;
  Value::Array unreadable;
  Value::Object contents;
  std::set<std::string> names;  // of the contents
};

Status AddTrees(const Api& api, const std::string& source, const std::vector<std::string>& commits,
                Trees& trees) {
  const auto found = api.sources.find(source);
  CommitFiles read;
  if (found != api.sources.end()) {
    auto reading = found->second->ReadFiles(commits, kBytesMax);
    if (reading.wait_for(kFilesDeadline) != std::future_status::ready)
      return Error{ErrorCode::kTimeout, "source " + source + " is busy; try again"};
    read = reading.get();
  } else {
    for (const std::string& commit : commits)
      read.unreadable.emplace(
          commit,
          Error{ErrorCode::kNotFound, "source \"" + source + "\" is not configured any more"});
  }
  for (const auto& [commit, error] : read.unreadable) {
    trees.known.emplace(source, commit);
    trees.unreadable.push_back(
        Value::Object{{"source", source}, {"commit", commit}, {"message", error.message}});
  }
  for (const auto& [commit, tree] : read.trees) {
    trees.known.emplace(source, commit);
    Value::Object files;
    for (const auto& [path, content] : tree) files.emplace_back(path, content);
    trees.commits.push_back(
        Value::Object{{"source", source}, {"commit", commit}, {"files", std::move(files)}});
  }
  for (auto& [name, bytes] : read.contents)
    if (trees.names.insert(name).second) trees.contents.emplace_back(name, std::move(bytes));
  return {};
}

Result<Response> List(const Api& api, const Request& request) {
  if (!request.actor.scopes.Has(Scope::kSensitive))
    return Error{ErrorCode::kDenied,
                 "stored plans come with the source's files as they are; it takes a token with the "
                 "scopes read and sensitive"};
  PORTOLAN_TRY(const std::uint64_t limit,
               NumberOf(request.QueryOr("limit", ""), "limit", kLimitDefault));
  PORTOLAN_TRY(const std::uint64_t skip, NumberOf(request.QueryOr("skip", ""), "skip", 0));
  if (limit == 0 || limit > kLimitMax)
    return Error{ErrorCode::kInvalid, "limit: expected 1 to " + std::to_string(kLimitMax)};
  PORTOLAN_TRY(auto plans, StoredPlans(api, request.QueryOr("source", "")));
  const std::size_t begin = std::min<std::size_t>(skip, plans.size());
  const std::size_t end = std::min<std::size_t>(begin + limit, plans.size());
  std::map<std::string, std::vector<std::string>> wanted;  // commits in the order of the plans
  for (std::size_t i = begin; i < end; ++i) {
    auto& commits = wanted[plans[i].source];
    if (std::ranges::find(commits, plans[i].commit) == commits.end())
      commits.push_back(plans[i].commit);
  }
  Trees trees;
  for (const auto& [source, commits] : wanted)
    PORTOLAN_CHECK(AddTrees(api, source, commits, trees));
  Value::Array records;
  std::map<std::string, Value> bases;  // by digest
  std::size_t at = begin;
  for (; at < end && trees.known.contains({plans[at].source, plans[at].commit}); ++at) {
    Value& record = plans[at].record;
    const std::string base(record.StringOr("base", ""));
    if (const auto digest = Digest::Parse(base);
        NeedsBase(record) && digest.ok() && !bases.contains(base))
      if (auto entries = EntriesOf(api, *digest); entries.ok())
        bases.emplace(base, *std::move(entries));
    records.push_back(std::move(record));
  }
  const bool more = at < plans.size();
  return JsonResponse(
      Value::Object{{"plans", std::move(records)},
                    {"commits", std::move(trees.commits)},
                    {"contents", std::move(trees.contents)},
                    {"unreadable", std::move(trees.unreadable)},
                    {"bases", Value::Object(bases.begin(), bases.end())},
                    {"next", more ? Value(static_cast<std::int64_t>(at)) : Value()}});
}

}  // namespace

void AddPlanRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/plans", Scope::kRead,
             [&api](const Request& request) { return List(api, request); });
}

}  // namespace portolan::controller
