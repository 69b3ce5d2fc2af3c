#include "controller/audit/audit_check.h"

#include <algorithm>
#include <sstream>

#include "controller/audit/rebuilt_plan.h"
#include "controller/regulated/answer.h"
#include "controller/store/event_chain.h"
#include "controller/zones/zone_directory.h"
#include "manifests/loader.h"
#include "manifests/short_commit.h"
#include "reconciler/json_parts.h"
#include "reconciler/plan_json.h"
#include "reconciler/policy/report_json.h"
#include "reconciler/policy/secrets.h"

// Nothing that the package says of itself is taken on trust twice: each step computes a value from
// members of the package and compares it with what another member, in the end the plan's digest,
// says. Who wants to be sure of the plan's digest has it from elsewhere: an approval, an answer, an
// event in a chain whose last hash was kept.

namespace portolan::controller {
namespace {

using manifests::Value;

Error Wrong(const std::string& what) {
  return {ErrorCode::kCorrupt, what};
}

// The files below a folder of the package as a source's tree.
manifests::Artifact TreeOf(const PackageFiles& files, const std::string& folder) {
  manifests::Artifact artifact;
  for (const auto& [path, bytes] : files)
    if (path.starts_with(folder))
      artifact.files.push_back({path.substr(folder.size()), Sha256Of(bytes).Hex(), bytes.size()});
  artifact.read = [&files, folder](const manifests::ArtifactFile& file) -> Result<std::string> {
    return files.at(folder + file.path);
  };
  return artifact;
}

class Checker {
 public:
  Checker(const PackageFiles& files, const Signers* signers) : files_(files), signers_(signers) {}

  Result<AuditFindings> Check() {
    PORTOLAN_CHECK(CheckSeal(files_));
    Say(std::to_string(files_.size() - 1) + " files have their checksums");
    PORTOLAN_CHECK(CheckIdentity());
    PORTOLAN_CHECK(CheckBase());
    PORTOLAN_CHECK(CheckPlan());
    PORTOLAN_CHECK(CheckVerdicts());
    PORTOLAN_CHECK(CheckEvents());
    PORTOLAN_CHECK(CheckApprovals());
    return std::move(findings_);
  }

 private:
  void Say(std::string sentence) { findings_.verified.push_back(std::move(sentence)); }

  Result<std::string> File(const std::string& path) const {
    const auto found = files_.find(path);
    if (found == files_.end()) return Wrong(path + " is missing");
    return found->second;
  }
  Result<Value> Json(const std::string& path) const {
    PORTOLAN_TRY(const std::string text, File(path));
    auto value = manifests::ParseJson(text, {.bytes = text.size() + 1});
    if (!value.ok()) return Wrong(path + ": " + value.error().message);
    return value;
  }

  Status CheckIdentity() {
    PORTOLAN_TRY(const Value package, Json("package.json"));
    if (package.StringOr("apiVersion", "") != kAuditApiVersion)
      return Wrong("package.json: another apiVersion than " + std::string(kAuditApiVersion));
    PORTOLAN_TRY(const std::string preimage, File("identity.json"));
    plan_ = Sha256Of(preimage);
    findings_.plan = plan_.ToString();
    PORTOLAN_TRY(identity_, Json("identity.json"));
    PORTOLAN_TRY(record_, Json("plan.json"));
    findings_.map = identity_.StringOr("map", "");
    const bool own = package.StringOr("plan", "") == findings_.plan &&
                     package.StringOr("map", "") == findings_.map;
    if (!own)
      return Wrong("package.json is of another plan than identity.json, whose digest is " +
                   findings_.plan);
    if (record_.StringOr("id", "") != findings_.plan)
      return Wrong("plan.json is of another plan than identity.json, whose digest is " +
                   findings_.plan);
    if (package.StringOr("environment", "") != identity_.StringOr("environment", ""))
      return Wrong("package.json names another environment than identity.json");
    Say("identity.json has the plan's digest " + findings_.plan);
    return {};
  }

  Status CheckBase() {
    const std::string_view wanted = identity_.StringOr("base", "");
    if (wanted.empty()) {
      if (files_.contains("base.json")) return Wrong("base.json: a first version has none");
      return {};
    }
    PORTOLAN_TRY(const Value entries, Json("base.json"));
    if (!entries.is_object()) return Wrong("base.json is no object");
    std::vector<mapcore::Entry> list;
    for (const auto& [key, value] : entries.as_object())
      list.push_back({key, manifests::CanonicalJson(value)});
    auto version = mapcore::MapVersion::FromEntries(std::move(list));
    if (!version.ok()) return Wrong("base.json: " + version.error().message);
    base_ = *std::move(version);
    if (base_->digest().ToString() != wanted)
      return Wrong("base.json has the digest " + base_->digest().ToString() +
                   ", the plan starts from " + std::string(wanted));
    Say("base.json has the digest that the plan starts from, " + base_->digest().Short());
    return {};
  }

  PlanParts Parts() const {
    return {record_, desired_, base_.get(), std::string(identity_.StringOr("environment", ""))};
  }

  Status CheckPlan() {
    manifests::Artifact tree = TreeOf(files_, "source/");
    const Value* revision = record_.Find("revision");
    if (revision == nullptr) return Wrong("plan.json has no revision");
    PORTOLAN_TRY(tree.revision, reconciler::RevisionFromValue(*revision));
    PORTOLAN_TRY(desired_, manifests::Loader().Load(tree));
    PORTOLAN_TRY(made_, RebuildPlan(Parts()));
    Say("the files of commit " + manifests::ShortCommit(desired_.revision.commit) +
        " make that plan, to " + made_.target.Short());
    return {};
  }

  Status CheckVerdicts() {
    const auto loaded = manifests::Loader().Load(TreeOf(files_, "policies/"));
    if (!loaded.ok()) return loaded.error();
    const auto compiled = reconciler::CompileSet(loaded->policies, SystemZones());
    if (compiled.set == nullptr) return Wrong("policies/ do not compile");
    const Value* stored = record_.Find("policies");
    if (stored == nullptr) return Wrong("plan.json has no verdicts");
    if (stored->StringOr("policies", "") != compiled.set->digest.ToString())
      return Wrong("policies/ have the digest " + compiled.set->digest.ToString() +
                   ", the verdicts are of " + std::string(stored->StringOr("policies", "none")));
    Say("policies/ have the digest of the set that judged, " + compiled.set->digest.Short());
    reconciler::MarkSecrets(compiled.set.get(), made_);
    PORTOLAN_CHECK(CheckRecord());
    PORTOLAN_TRY(const auto report, reconciler::ReportFromValue(*stored));
    PORTOLAN_TRY(const JudgedAgain again, JudgeAgain(*compiled.set, made_, Parts()));
    if (manifests::CanonicalJson(ReportToValue(again.made)) != manifests::CanonicalJson(*stored))
      return Wrong("plan.json: judged anew, " + FirstDifference(again.made, report));
    Say(std::to_string(again.made.verdicts.size()) + " verdicts are the same when judged anew");
    if (again.recorded > 0)
      findings_.unverified.push_back(std::to_string(again.recorded) +
                                     " verdicts of programs are as they were recorded");
    return {};
  }

  static std::string FirstDifference(const reconciler::PolicyReport& made,
                                     const reconciler::PolicyReport& stored) {
    for (std::size_t i = 0; i < std::max(made.verdicts.size(), stored.verdicts.size()); ++i) {
      if (i >= made.verdicts.size()) return "policy " + stored.verdicts[i].policy + " says nothing";
      if (i >= stored.verdicts.size() || !(made.verdicts[i] == stored.verdicts[i]))
        return "the verdict of policy " + made.verdicts[i].policy + " is another one (" +
               std::string(OutcomeName(made.verdicts[i].outcome)) + ")";
    }
    return "the report is another one";
  }

  // What the daemon stored of the plan is what its inputs make.
  Status CheckRecord() {
    if (made_.changes.changes.size() > reconciler::kPlanChangesKept)
      made_.changes.changes.resize(reconciler::kPlanChangesKept);
    const Value again = reconciler::MapPlanToValue(made_);
    for (const auto& [member, value] : again.as_object()) {
      const Value* stored = record_.Find(member);
      if (stored == nullptr || manifests::CanonicalJson(*stored) != manifests::CanonicalJson(value))
        return Wrong("plan.json: \"" + member + "\" is not what the plan's files make");
    }
    return {};
  }

  Status CheckEvents() {
    PORTOLAN_TRY(const std::string text, File("events.jsonl"));
    std::istringstream lines(text);
    std::optional<ChainHead> head;
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      const auto value = manifests::ParseJson(line, {.bytes = line.size() + 1});
      if (!value.ok() || !value->is_object())
        return Wrong("events.jsonl: line " + std::to_string(count + 1) + " is no event");
      const ChainLink link{static_cast<std::uint64_t>(value->IntOr("sequence", 0)),
                           std::string(value->StringOr("body", "")),
                           std::string(value->StringOr("prev_hash", "")),
                           std::string(value->StringOr("hash", ""))};
      if (!head) head = ChainHead{link.sequence - 1, link.prev_hash};
      if (const Status linked = CheckLink(link, *head); !linked.ok())
        return Wrong("events.jsonl: " + linked.error().message);
      PORTOLAN_TRY(reconciler::Event event, DecodeEvent(link.body));
      if (event.map == findings_.map) events_.push_back(std::move(event));
    }
    if (events_.empty()) return Wrong("events.jsonl has no event of " + findings_.map);
    Say(std::to_string(count) + " events are a chain, which ends with " + head->hash);
    return {};
  }

  Status CheckApprovals() {
    PORTOLAN_TRY(const Value approvals, Json("approvals.json"));
    if (!approvals.is_array()) return Wrong("approvals.json is no list");
    for (const Value& approval : approvals.as_array()) {
      const std::string actor(approval.StringOr("actor", ""));
      if (approval.StringOr("plan", "") != findings_.plan)
        return Wrong("approvals.json: the approval by " + actor + " is of another plan");
      const bool said = std::ranges::any_of(events_, [&](const reconciler::Event& event) {
        return event.reason == "Approved" && event.actor == actor &&
               event.message.find(plan_.Short()) != std::string::npos &&
               FormatTime(event.time) == approval.StringOr("at", "");
      });
      if (!said) return Wrong("approvals.json: no event tells of the approval by " + actor);
      Say("the approval by " + actor + " is of this plan, and an event tells of it");
      if (approval.Find("signature") != nullptr) PORTOLAN_CHECK(CheckAnswer(approval, actor));
    }
    return {};
  }

  Status CheckAnswer(const Value& approval, const std::string& actor) {
    if (signers_ == nullptr) {
      findings_.unverified.push_back("the signature of the answer by " + actor +
                                     ": name those who may answer with --signers");
      return {};
    }
    PORTOLAN_TRY(const WallTime at, ParseTime(approval.StringOr("at", "")));
    const SignedAnswer answer{std::string(approval.StringOr("answer", "")),
                              std::string(approval.StringOr("signature", ""))};
    const AnswerTo to{findings_.map, plan_, at, std::chrono::days(30)};
    PORTOLAN_TRY(const ExternalAnswer verified, VerifyAnswer(answer, to, *signers_));
    if ("signer:" + verified.signers.front() != actor)
      return Wrong("approvals.json: " + actor + " is not who signed, " + verified.signers.front());
    Say("the answer to this plan is signed by " + verified.signers.front());
    return {};
  }

  const PackageFiles& files_;
  const Signers* signers_;
  AuditFindings findings_;
  Digest plan_;
  Value identity_;
  Value record_;
  mapcore::VersionPtr base_;
  manifests::DesiredState desired_;
  reconciler::MapPlan made_;
  std::vector<reconciler::Event> events_;  // of the map
};

}  // namespace

Result<AuditFindings> CheckPackage(const PackageFiles& files, const Signers* signers) {
  return Checker(files, signers).Check();
}

}  // namespace portolan::controller
