#include "tests/scenarios/scenario.h"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "reconciler/diff.h"
#include "reconciler/floor.h"
#include "reconciler/plan.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/judge.h"
#include "reconciler/rollout/race.h"
#include "reconciler/rollout/record.h"
#include "reconciler/status.h"

namespace portolan::reconciler {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);

std::map<std::string, std::string> ArgumentsOf(std::istringstream& words) {
  std::map<std::string, std::string> arguments;
  std::string word;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    arguments[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return arguments;
}

std::string Get(const std::map<std::string, std::string>& arguments, const std::string& name,
                const std::string& fallback) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? fallback : found->second;
}

Duration DurationOf(const std::string& text) {
  const auto parsed = ParseDuration(text);
  if (!parsed.ok()) throw std::runtime_error(parsed.error().message);
  return *parsed;
}

// "5%" or "5" in 100,000ths.
std::uint32_t PercentOf(const std::string& text) {
  return static_cast<std::uint32_t>(std::stod(text) * 1000 + 0.5);
}

std::vector<manifests::Step> StepsOf(const std::string& text) {
  std::vector<manifests::Step> steps;
  std::istringstream parts(text);
  std::string part;
  while (std::getline(parts, part, ',')) {
    manifests::Step step;
    step.weight = PercentOf(part);
    if (const std::size_t colon = part.find(':'); colon != std::string::npos)
      step.soak = DurationOf(part.substr(colon + 1));
    steps.push_back(step);
  }
  return steps;
}

}  // namespace

std::string Scenario::Play(const std::string& commands) {
  out_.clear();
  if (rollout_.map.empty()) rollout_.map = "limits";
  std::istringstream lines(commands);
  std::string line;
  while (std::getline(lines, line)) {
    line = line.substr(0, line.find("  #"));
    if (line.empty() || line.front() == '#') continue;
    Run(line);
    if (std::exchange(replan_, false)) Run("replan");
    PrintState();
  }
  return out_;
}

void Scenario::Run(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "commit" && !rollout_.members.empty()) return CommitGroup(line.substr(6));
  if (command == "commit") return Commit(line.substr(6));
  const auto arguments = ArgumentsOf(words);
  if (command == "strategy") return SetStrategy(arguments);
  if (command == "group") return MakeGroup(arguments);
  if (command == "advance")
    return Advance(DurationOf(line.substr(8, line.find(' ', 8) - 8)), arguments);
  if (command == "compare") return Compare(arguments);
  if (command == "report")
    return ReportOnce(arguments.contains("canary") ? "canary" : "stable", arguments);
  if (command == "ack" || command == "alive" || command == "goodbye") return Acknowledge(line);
  if (command == "instances") return PrintInstances();
  if (command == "freeze") {
    frozen_until_ = now_.wall + DurationOf(arguments.begin()->first);
    return;
  }
  if (command == "races") return PrintRaces();
  if (command == "arm") return PrintArms(arguments);
  if (command == "rule") {
    std::istringstream rule(line);
    std::string glob, name;
    rule >> command >> glob >> name;
    rules_.push_back({{glob}, manifests::BuiltInStrategy(name).value()});
    return;
  }
  if (command == "restart") return Restart();
  if (command == "evidence") return PrintEvidence();
  Observation seen;
  if (command == "jump") {
    now_.wall += DurationOf(arguments.begin()->first);
    now_.mono += DurationOf(arguments.begin()->first);
  }
  seen.now = now_;
  if (command == "jump") return Observe(std::move(seen));
  if (command == "remove") {
    wish_ = nullptr;
    seen.removed = true;
    return Observe(std::move(seen));
  }
  if (command == "replan") {
    if (wish_ == nullptr && group_wish_.empty()) return;
    seen.desired = TargetOfWish();
    return Observe(std::move(seen));
  }
  const auto verb = ParseVerb(command);
  if (!verb) throw std::runtime_error("unknown scenario command: " + line);
  RunVerb(*verb, line, arguments);
}

void Scenario::SetStrategy(const Arguments& arguments) {
  strategy_ = manifests::DefaultStrategy();
  strategy_.name = "scenario";
  strategy_.steps = StepsOf(Get(arguments, "steps", "5%:10s,20%:10s,100%"));
  strategy_.bake = DurationOf(Get(arguments, "bake", "30s"));
  strategy_.min_lookups = std::stoll(Get(arguments, "minLookups", "50"));
  strategy_.progress_deadline = DurationOf(Get(arguments, "deadline", "1h"));
  const std::string no_data = Get(arguments, "onNoData", "hold");
  strategy_.on_no_data = no_data == "abort"     ? manifests::OnNoData::kAbort
                         : no_data == "advance" ? manifests::OnNoData::kAdvanceAfterSoak
                                                : manifests::OnNoData::kHold;
  if (Get(arguments, "onNewRevision", "restart") == "queue")
    strategy_.on_new_revision = manifests::OnNewRevision::kQueue;
  strategy_.holdback = arguments.contains("holdback") ? PercentOf(arguments.at("holdback")) : 0;
  strategy_.early_advance = arguments.contains("earlyAdvance");
  split_ = Get(arguments, "split", "subject") == "instance" ? manifests::SplitMode::kInstance
                                                            : manifests::SplitMode::kSubject;
  if (arguments.contains("window")) {
    const std::string window = arguments.at("window");
    const std::size_t colon = window.find(':');
    strategy_.rollback_window_versions = std::stoll(window.substr(0, colon));
    strategy_.rollback_window_age = DurationOf(window.substr(colon + 1));
  }
  if (arguments.contains("match"))
    strategy_.match = {{.subject = arguments.at("match"), .attribute = "", .in = {}}};
  if (arguments.contains("converge"))
    strategy_.converge.share = std::stod(arguments.at("converge")) / 100;
  if (arguments.contains("metric"))
    strategy_.analysis = {{.name = "errors",
                           .metrics = {{.name = arguments.at("metric"),
                                        .bad = "errors",
                                        .require = Get(arguments, "require", "regressionOnly")}}}};
  if (arguments.contains("shadow"))
    strategy_.shadow = manifests::Shadow{
        .share = PercentOf(Get(arguments, "shadowShare", "5%")),
        .soak = DurationOf(arguments.at("shadow")),
        .tolerance = std::stod(Get(arguments, "tolerance", "1e-5")),
        .max_lookups_ratio = std::stod(Get(arguments, "maxLookups", "1")),
        .max_outputs_ratio = std::stod(Get(arguments, "maxOutputs", "0")),
        .require = arguments.contains("shadowRequire") ? manifests::ShadowRequire::kOutputs
                                                       : manifests::ShadowRequire::kAny};
  if (arguments.contains("pauseAfter")) {
    manifests::Pause pause;
    pause.deadline = DurationOf(Get(arguments, "pauseDeadline", "24h"));
    strategy_.steps.at(std::stoul(arguments.at("pauseAfter")) - 1).pause = pause;
  }
}

void Scenario::Commit(const std::string& entries) {
  std::vector<mapcore::Entry> list;
  std::istringstream words(entries);
  for (const auto& [key, value] : ArgumentsOf(words)) list.push_back({key, value});
  auto version = mapcore::MapVersion::FromEntries(std::move(list));
  if (!version.ok()) throw std::runtime_error(version.error().message);
  wish_ = *version;
  versions_[wish_->digest()] = wish_;
  ++commits_;
  Run("replan");
}

Target Scenario::TargetOfWish() const {
  return rollout_.members.empty() ? TargetOf(rollout_, wish_) : TargetOfGroup();
}

Target Scenario::TargetOf(const Rollout& rollout, const mapcore::VersionPtr& wish) const {
  const mapcore::MapVersion* stable =
      rollout.stable ? versions_.at(rollout.stable->digest).get() : nullptr;
  manifests::DesiredMap desired;
  desired.name = desired.salt = rollout.map;
  desired.strategy = strategy_;
  desired.rollout_rules = rules_;
  desired.version = wish;
  manifests::Revision revision;
  revision.branch = "main";
  revision.commit = "c" + std::to_string(commits_) + std::string(38, '0');
  const MapPlan plan = MakeMapPlan(stable, desired, revision, "test");
  Target target;
  target.version = {wish->digest(), revision, static_cast<std::int64_t>(wish->size()), 0, {}, {}};
  target.base = plan.base;
  target.plan = plan.id;
  target.strategy = plan.strategy;
  target.changed_keys = static_cast<std::int64_t>(plan.changes.changes.size());
  target.split.salt = rollout.map;
  target.split.mode = split_;
  target.findings = plan.findings;
  // As the gate counts them: what was approved despite is lifted.
  std::erase_if(target.findings, [&](const Finding& finding) {
    return std::ranges::any_of(rollout.approvals, [&](const Approval& approval) {
      return approval.plan == plan.id && approval.policy == finding.policy;
    });
  });
  for (const Quarantine& quarantine : rollout.quarantine) {
    const auto changes =
        MakeChangeSet(quarantine.base ? versions_.at(*quarantine.base).get() : nullptr,
                      *versions_.at(quarantine.digest));
    const QuarantineMatch match = MatchQuarantine(changes, *wish);
    if (match.hold <= target.quarantine) continue;
    target.quarantine = match.hold;
    target.quarantined_keys = match.keys;
  }
  return target;
}

void Scenario::Advance(Duration duration, const Arguments& how) {
  while (duration > Duration(0)) {
    const Duration step =
        std::min(duration, how.contains("each") ? DurationOf(how.at("each")) : kSecond);
    now_.wall += step;
    now_.mono += step;
    duration -= step;
    if (how.contains("alive")) RenewLeases(how);
    if (how.contains("lookups") && rollout_.phase == Phase::kShadow) Compare({{"lookups", "10"}});
    if (how.contains("outputs") && rollout_.phase == Phase::kShadow) Compare({{"outputs", "10"}});
    if (how.contains("reports") && ServesCanary(rollout_.phase)) {
      const std::uint32_t canary = ServingOf(rollout_).split.weight / 1'000;
      ReportOnce("stable", {{"lookups", "100"}, {"subjects", std::to_string(100 - canary)}});
      ReportOnce("canary", {{"lookups", "10"}, {"subjects", std::to_string(canary)}});
    }
    Observation seen;
    seen.now = now_;
    Observe(std::move(seen));
    if (std::exchange(replan_, false)) Run("replan");
  }
}

// ack NAMES STATUS ARM, alive NAMES, goodbye NAMES
void Scenario::Acknowledge(const std::string& line) {
  std::istringstream words(line);
  std::string command, names, status, arm;
  words >> command >> names;
  if (command == "ack") words >> status;
  if (command == "ack" && status != "alive") words >> arm;
  const Arguments arguments = ArgumentsOf(words);
  Observation seen;
  seen.now = now_;
  const InstanceNames& chosen = rollout_.progress.canary_instances;
  if (names == "chosen-first") names = *chosen.begin();
  if (names == "chosen") {
    names.clear();
    for (const std::string& name : chosen) names += name + ",";
  }
  std::istringstream list(names);
  std::string name;
  while (std::getline(list, name, ',')) {
    Ack ack;
    ack.instance = name;
    ack.map = MemberOfLine(arguments);
    ack.status = ParseAckStatus(command == "ack" ? status : command).value();
    const Rollout seen_as = rollout_.members.empty() ? rollout_ : MemberOf(rollout_, ack.map);
    if (arm == "canary") ack.digest = seen_as.target->version.digest;
    if (arm == "stable") ack.digest = seen_as.stable->digest;
    ack.reason = Get(arguments, "reason", "");
    ack.lease = DurationOf(Get(arguments, "lease", "30s"));
    if (!rollout_.members.empty()) ack = GroupAck(rollout_, std::move(ack));
    seen.acks.push_back(std::move(ack));
  }
  Observe(std::move(seen));
}

void Scenario::RenewLeases(const Arguments& arguments) {
  const std::string except = "," + Get(arguments, "except", "") + ",";
  Observation seen;
  seen.now = now_;
  for (const auto& [name, instance] : rollout_.fleet)
    if (except.find("," + name + ",") == std::string::npos)
      seen.acks.push_back({name, rollout_.map, {}, AckStatus::kAlive, "", instance.lease});
  Observe(std::move(seen));
}

void Scenario::PrintInstances() {
  const manifests::Value instances = InstancesToValue(rollout_, now_.mono);
  for (const manifests::Value& item : instances.as_array()) {
    out_ += "  " + std::string(item.StringOr("instance", "")) + " " +
            std::string(item.StringOr("status", ""));
    for (const manifests::Value& digest : item.Find("applied")->as_array())
      out_ += " " + digest.as_string().substr(7, 12);
    out_ += "\n";
  }
}

void Scenario::PrintArms(const Arguments& names) {
  const mapcore::TrafficSplit split = ServingOf(rollout_).split;
  out_ += " ";
  for (const auto& [name, unused] : names)
    out_ += " " + name + "=" + std::string(mapcore::ArmName(Assign(split, {"", {}, name}).arm));
  out_ += "\n";
}

void Scenario::ReportOnce(const std::string& arm, const Arguments& arguments) {
  Report report;
  report.instance = Get(arguments, "instance", "client-" + arm);
  report.batch = arguments.contains("batch") ? std::stoull(arguments.at("batch")) : ++batch_;
  report.map = MemberOfLine(arguments);
  const Rollout seen_as = rollout_.members.empty() ? rollout_ : MemberOf(rollout_, report.map);
  ReportItem& item = report.items.emplace_back();
  item.arm = arm == "canary" ? mapcore::Arm::kCanary : mapcore::Arm::kStable;
  if (arm == "canary" && seen_as.target) item.digest = seen_as.target->version.digest;
  if (arm == "stable" && seen_as.stable) item.digest = seen_as.stable->digest;
  item.step = static_cast<std::uint32_t>(
      std::stoul(Get(arguments, "step", std::to_string(rollout_.progress.step + 1))));
  item.matched = arguments.contains("matched");
  item.lookups = std::stoll(Get(arguments, "lookups", Get(arguments, "subjects", "0")));
  item.subjects = std::stoll(Get(arguments, "subjects", "0"));
  const std::int64_t bad = std::stoll(Get(arguments, "bad", "0"));
  if (bad > 0) {
    BadEvents& events = item.bad[Get(arguments, "kind", "errors")];
    events.count = bad;
    // Subjects fail anew each time, unless they are named: the same ones then.
    if (arguments.contains("sticky")) {
      for (std::int64_t i = 0; i < bad; ++i)
        events.subject_hashes.push_back(
            SubjectHash(arm + arguments.at("sticky") + std::to_string(i)));
    } else {
      for (std::int64_t i = 0; i < bad; ++i) events.subject_hashes.push_back(++subject_);
    }
  }
  Observation seen;
  seen.now = now_;
  if (!rollout_.members.empty()) report = GroupReport(rollout_, std::move(report));
  seen.reports.push_back(std::move(report));
  Observe(std::move(seen));
}

void Scenario::PrintEvidence() {
  for (const MetricVerdict& metric : JudgementOf(rollout_).metrics)
    out_ += "  " + metric.name + " " + std::string(VerdictName(metric.verdict)) + ": " +
            metric.message + "\n";
}

// Two commands as the control loop runs them: in the order of their rank, whoever came first.
std::string Scenario::Race(Verb first, Verb second) const {
  std::vector<Command> commands(2);
  commands[0].verb = first;
  commands[1].verb = second;
  commands[0].actor = "user:ana";
  commands[1].actor = "user:bo";
  for (Command& command : commands) command.full = true;
  std::stable_sort(commands.begin(), commands.end(), [](const Command& a, const Command& b) {
    return RankOf(a.verb) < RankOf(b.verb);
  });
  Rollout rollout = rollout_;
  std::string text;
  const Command* winner = nullptr;
  for (const Command& command : commands) {
    std::optional<CommandOutcome> outcome;
    if (winner != nullptr) outcome = LostRace(*winner, command, rollout.map);
    if (!outcome) {
      Observation seen;
      seen.now = now_;
      seen.command = command;
      Transition turned = Step(rollout, seen);
      rollout = std::move(turned.next);
      outcome = turned.outcome;
      if (outcome->accepted && winner == nullptr) winner = &command;
    }
    text += std::string(VerbName(command.verb)) + (outcome->accepted ? " ok, " : " refused, ");
  }
  Observation later;
  later.now = now_;
  rollout = Step(rollout, later).next;
  return text + std::string(PhaseName(rollout.phase)) + "(" + rollout.reason + ")";
}

void Scenario::PrintRaces() {
  constexpr Verb kVerbs[] = {Verb::kLock,   Verb::kAbort,   Verb::kRollback,
                             Verb::kPause,  Verb::kPromote, Verb::kSkip,
                             Verb::kResume, Verb::kRetry,   Verb::kUnlock};
  for (const Verb& first : kVerbs)
    for (const Verb* second = &first; second != std::end(kVerbs); ++second) {
      const std::string one = Race(first, *second);
      out_ +=
          "  " + one + (one == Race(*second, first) ? "" : " OR " + Race(*second, first)) + "\n";
    }
}

void Scenario::RunVerb(Verb verb, const std::string& line, const Arguments& arguments) {
  Observation seen;
  seen.now = now_;
  Command command;
  command.verb = verb;
  command.actor = "user:ana";
  command.full = arguments.contains("full");
  command.to = Get(arguments, "to", "");
  command.request_id = Get(arguments, "request", "");
  command.reason = Get(arguments, "reason", "");
  command.key = Get(arguments, "key", "");
  command.map = Get(arguments, "map", "");
  command.value = Get(arguments, "value", "");
  if (arguments.contains("for")) command.length = DurationOf(arguments.at("for"));
  if (verb == Verb::kApprove && rollout_.target) {
    const auto& findings = rollout_.target->findings;
    command.plan =
        findings.empty() ? rollout_.target->plan : PlanOf(*rollout_.target, findings.front());
    if (!findings.empty()) command.despite = findings.front().policy;
  }
  seen.command = std::move(command);
  if (now_.wall < frozen_until_) seen.freeze = Freeze{"nights", frozen_until_};
  const Transition transition = Step(rollout_, seen);
  out_ += line + (transition.outcome->accepted ? ": ok, " : ": refused, ") +
          transition.outcome->message + "\n";
  Settle(transition);
}

void Scenario::Restart() {
  auto again =
      RolloutFromValue(*manifests::ParseJson(manifests::CanonicalJson(RolloutToValue(rollout_))));
  if (!again.ok()) throw std::runtime_error(again.error().message);
  rollout_ = std::move(again).value();
  now_.mono = Duration(5);
}

void Scenario::Observe(Observation seen) {
  if (now_.wall < frozen_until_) seen.freeze = Freeze{"nights", frozen_until_};
  Settle(Step(rollout_, seen));
}

void Scenario::Settle(Transition transition) {
  for (const Event& event : transition.events)
    out_ += "  event " + event.reason + ": " + event.message + "\n";
  rollout_ = std::move(transition.next);
  replan_ = replan_ || transition.replan;
  if (transition.look_again == Duration(0)) {
    Observation seen;
    seen.now = now_;
    Observe(std::move(seen));
  }
}

void Scenario::PrintState() {
  const Serving serving = ServingOf(rollout_);
  std::string state = std::string(PhaseName(rollout_.phase)) + "(" + rollout_.reason + ")";
  if (!rollout_.members.empty())
    state += GroupState();
  else
    state += serving.stable ? " stable=" + serving.stable->Short() : " stable=none";
  if (serving.canary && rollout_.members.empty())
    state += " canary=" + serving.canary->Short() +
             " weight=" + std::to_string(serving.split.weight / 1000) + "%";
  if (state != last_state_) out_ += "-> " + state + "\n";
  last_state_ = state;
}

}  // namespace portolan::reconciler
