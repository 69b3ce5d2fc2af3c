#include "manifests/strategy_manifest.h"

#include <algorithm>
#include <cassert>
#include <cstdio>

#include "manifests/envelope.h"
#include "manifests/fields.h"

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kNameBytes{1, 253};
constexpr Range<std::size_t> kTextBytes{1, 256};
constexpr Range<std::int64_t> kCounts{0, 1'000'000'000};

template <typename Enum, std::size_t N>
void DecodeEnum(Enum& target, const Field& field, const std::array<std::string_view, N>& names,
                Report& report) {
  if (auto choice = ReadChoice(field, names, report)) target = static_cast<Enum>(*choice);
}

// Reads the steps one item at a time: what follows a `setWeight` belongs to it.
// In YAML a step is several items; in the model one weight with what follows it.
class StepsDecoder {
 public:
  StepsDecoder(StrategySpec& spec, Report& report)
      : spec_(spec), steps_(spec.strategy.steps), report_(report) {}

  void Decode(const Field& field) {
    if (!field) return;
    if (field.node->kind != Node::Kind::kSequence) {
      report_.Error(field, "expected a list of steps, found " + Found(*field.node));
      return;
    }
    const std::size_t before = report_.size();
    for (std::size_t i = 0; i < field.node->items.size(); ++i) DecodeItem(field.Item(i));
    if (report_.size() != before) return;
    if (steps_.empty() || steps_.back().weight != mapcore::kWeightMax)
      report_.Error(field, "the last weight must be 100%", "add \"- setWeight: 100%\"");
    if (steps_.size() > kStepsMax)
      report_.Error(field, "expected at most " + std::to_string(kStepsMax) + " weights");
  }

 private:
  void DecodeItem(const Field& field) {
    if (field.node->kind == Node::Kind::kMapping && field.node->members.size() > 1 &&
        field.node->Find("setWeight") != nullptr) {
      report_.Error(field,
                    "expected one of setWeight, pause or analysis in an item of steps, found " +
                        std::to_string(field.node->members.size()) + " fields",
                    "write each as an item of its own");
      return;
    }
    const std::size_t before = report_.size();
    MappingDecoder item(field, report_);
    const Field weight = item.Take("setWeight");
    const Field pause = item.Take("pause");
    const Field analysis = item.Take("analysis");
    const Field linear = item.Take("linear");
    item.RefuseForNow({"regions", "earlyAdvance"});
    item.Finish();
    if (weight) return DecodeWeight(weight);
    if (linear) return DecodeLinear(linear);
    if (pause && MayFollow(pause)) DecodePause(pause);
    if (analysis && MayFollow(analysis)) DecodeAnalysis(analysis, steps_.back().analysis);
    if (!pause && !analysis && report_.size() == before)
      report_.Error(field, "expected setWeight, linear, pause or analysis in an item of steps");
  }

  // `20%/6m` or {by: 20%, every: 6m}: as if every step were written, up to 100 %.
  void DecodeLinear(const Field& field) {
    std::optional<std::uint32_t> by;
    std::optional<Duration> every;
    if (field.node->kind == Node::Kind::kMapping) {
      MappingDecoder decoder(field, report_);
      by = ReadWeight(decoder.Require("by"), report_);
      every = ReadDuration(decoder.Require("every"), report_);
      decoder.Finish();
    } else if (const auto text = ReadString(field, kTextBytes, report_)) {
      const std::size_t slash = text->find('/');
      Node part = *field.node;
      part.text = text->substr(0, slash);
      by = ReadWeight({&part, field.path}, report_);
      part.text = slash == std::string::npos ? "" : text->substr(slash + 1);
      if (by) every = ReadDuration({&part, field.path}, report_);
    }
    if (!by || !every) return;
    std::uint32_t weight = steps_.empty() ? 0 : steps_.back().weight;
    if (weight == mapcore::kWeightMax) {
      report_.Error(field, "nothing may follow setWeight: 100%");
      return;
    }
    while (weight < mapcore::kWeightMax && steps_.size() <= kStepsMax) {
      weight = std::min(weight + *by, mapcore::kWeightMax);
      const Duration soak = weight == mapcore::kWeightMax ? Duration(0) : *every;
      steps_.push_back({.weight = weight, .soak = soak, .pause = {}, .analysis = {}});
    }
  }

  void DecodeWeight(const Field& field) {
    const auto weight = ReadWeight(field, report_);
    bad_weight_ = !weight;
    if (!weight) return;
    if (!steps_.empty() && *weight <= steps_.back().weight) {
      report_.Error(field,
                    "weights must rise; " + Found(*field.node) + " is not above the one before");
      return;
    }
    steps_.push_back({.weight = *weight, .soak = Duration(0), .pause = {}, .analysis = {}});
  }

  // Pauses and analyses belong to a weight below 100 %: at 100 % the bake begins at once.
  bool MayFollow(const Field& field) {
    if (bad_weight_) return false;
    if (steps_.empty()) {
      report_.Error(field, "the first step must be a setWeight");
      return false;
    }
    if (steps_.back().weight == mapcore::kWeightMax) {
      report_.Error(field, "nothing may follow setWeight: 100%", "use \"bake\"");
      return false;
    }
    return true;
  }

  void DecodePause(const Field& field) {
    Step& step = steps_.back();
    MappingDecoder decoder(field, report_);
    const Field duration = decoder.Take("duration");
    const Field deadline = decoder.Take("deadline");
    const Field on_deadline = decoder.Take("onDeadline");
    decoder.Finish();
    if (step.pause) {
      report_.Error(field, "a pause without duration ends its step; found another pause after it");
      return;
    }
    if (duration) {
      for (const Field& other : {deadline, on_deadline})
        if (other) report_.Error(other, "only for a pause without duration");
      if (const auto soak = ReadDuration(duration, report_)) step.soak += *soak;
      return;
    }
    Pause pause;
    SetIf(pause.deadline, ReadDuration(deadline, report_));
    DecodeEnum(pause.on_deadline, on_deadline, kOnDeadlineNames, report_);
    step.pause = pause;
  }

 public:
  // One template named by `{template: NAME}`.
  void DecodeAnalysis(const Field& field, std::vector<AnalysisTemplate>& list) {
    MappingDecoder decoder(field, report_);
    const Field name = decoder.Require("template");
    decoder.Finish();
    auto text = ReadString(name, kNameBytes, report_);
    if (!text) return;
    spec_.templates.push_back({*text, name.node->position, name.path.ToString()});
    list.push_back({.name = *std::move(text), .metrics = {}});
  }

  void DecodeBackground(const Field& field) {
    if (!field) return;
    if (field.node->kind != Node::Kind::kSequence) {
      report_.Error(field,
                    "expected a list such as [{template: errors}], found " + Found(*field.node));
      return;
    }
    for (std::size_t i = 0; i < field.node->items.size(); ++i)
      DecodeAnalysis(field.Item(i), spec_.strategy.analysis);
  }

 private:
  StrategySpec& spec_;
  std::vector<Step>& steps_;
  Report& report_;
  bool bad_weight_ = false;  // the weight before could not be read: what follows it is not judged
};

void DecodeMatch(const Field& field, Strategy& strategy, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence) {
    report.Error(field, "expected a list of rules, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i) {
    const Field item = field.Item(i);
    mapcore::MatchRule rule;
    MappingDecoder decoder(item, report);
    const Field subject = decoder.Take("subject");
    const Field attribute = decoder.Take("attribute");
    const Field in = decoder.Take("in");
    decoder.Finish();
    if (item.node->kind != Node::Kind::kMapping) continue;
    if (static_cast<bool>(subject) == static_cast<bool>(attribute) ||
        static_cast<bool>(attribute) != static_cast<bool>(in)) {
      report.Error(item, "expected either {subject: GLOB} or {attribute: NAME, in: [VALUE, …]}");
      continue;
    }
    SetIf(rule.subject, ReadString(subject, kTextBytes, report));
    SetIf(rule.attribute, ReadString(attribute, kTextBytes, report));
    SetIf(rule.in, ReadStrings(in, kTextBytes, report));
    if (in && in.node->kind == Node::Kind::kSequence && in.node->items.empty())
      report.Error(in, "expected at least one value");
    strategy.match.push_back(std::move(rule));
  }
}

void DecodeRollbackWindow(const Field& field, Strategy& strategy, Report& report) {
  if (!field) return;
  MappingDecoder window(field, report);
  SetIf(strategy.rollback_window_versions,
        ReadInteger(window.Take("versions"), {.min = 0, .max = 1'000}, report));
  SetIf(strategy.rollback_window_age, ReadDuration(window.Take("age"), report));
  window.Finish();
}

void DecodeConverge(const Field& field, Converge& converge, Report& report) {
  if (!field) return;
  MappingDecoder decoder(field, report);
  if (const auto share = ReadRatio(decoder.Take("share"), report)) converge.share = *share;
  SetIf(converge.timeout, ReadDuration(decoder.Take("timeout"), report));
  decoder.Finish();
}

void DecodeHoldback(const Field& field, Strategy& strategy, Report& report) {
  const auto holdback = ReadWeight(field, report);
  if (!holdback) return;
  const std::uint32_t largest = LargestHoldback(strategy.steps);
  if (*holdback > largest) {
    char text[64];
    std::snprintf(text, sizeof text, "expected at most %g%%, found ", largest / 1000.0);
    report.Error(field, text + Found(*field.node),
                 largest == kHoldbackMax ? "" : "the bake may not have less than the last step");
    return;
  }
  strategy.holdback = *holdback;
}

}  // namespace

std::optional<StrategySpec> DecodeStrategy(const std::string& name, const Field& spec,
                                           Report& report) {
  const std::size_t before = report.size();
  StrategySpec result;
  Strategy& strategy = result.strategy;
  strategy.name = name;
  MappingDecoder decoder(spec, report);
  StepsDecoder steps(result, report);
  steps.Decode(decoder.Require("steps"));
  steps.DecodeBackground(decoder.Take("analysis"));
  SetIf(strategy.min_lookups, ReadInteger(decoder.Take("minLookups"), kCounts, report));
  DecodeEnum(strategy.on_no_data, decoder.Take("onNoData"), kOnNoDataNames, report);
  SetIf(strategy.early_advance, ReadBool(decoder.Take("earlyAdvance"), report));
  SetIf(strategy.bake, ReadDuration(decoder.Take("bake"), report));
  DecodeHoldback(decoder.Take("holdback"), strategy, report);
  const Field deadline = decoder.Take("progressDeadline");
  SetIf(strategy.progress_deadline, ReadDuration(deadline, report));
  if (strategy.progress_deadline <= Duration(0))
    report.Error(deadline, "expected a duration above 0s, found " + Found(*deadline.node));
  DecodeEnum(strategy.on_new_revision, decoder.Take("onNewRevision"), kOnNewRevisionNames, report);
  DecodeMatch(decoder.Take("match"), strategy, report);
  DecodeRollbackWindow(decoder.Take("rollbackWindow"), strategy, report);
  DecodeConverge(decoder.Take("converge"), strategy.converge, report);
  strategy.shadow = DecodeShadow(decoder.Take("shadow"), report);
  if (const Field linear = decoder.Take("linear"))
    report.Error(linear, "stands in the list of steps", "write \"steps: [linear: 20%/6m]\"");
  decoder.RefuseForNow({"hardLimits"});
  decoder.Finish();
  if (report.size() != before) return std::nullopt;
  return result;
}

void DecodeStrategyReference(const Field& field, StrategyChoice choice, Report& report) {
  if (!field) return;
  choice.reference.position = field.node->position;
  choice.reference.field = field.path.ToString();
  if (field.node->kind == Node::Kind::kMapping) {
    choice.reference.name = "inline";
    choice.inline_strategy = DecodeStrategy(choice.reference.name, field, report);
  } else {
    SetIf(choice.reference.name, ReadString(field, {1, kNameBytesMax}, report));
  }
}

Strategy ResolveStrategy(const StrategySpec& spec, const TemplateLookup& lookup) {
  Strategy strategy = spec.strategy;
  const auto fill = [&](std::vector<AnalysisTemplate>& list) {
    for (AnalysisTemplate& analysis : list) {
      const AnalysisTemplate* found = lookup(analysis.name);
      assert(found != nullptr);
      analysis = *found;
    }
  };
  fill(strategy.analysis);
  for (Step& step : strategy.steps) fill(step.analysis);
  return strategy;
}

}  // namespace portolan::manifests
