#include "reconciler/blast_radius.h"

#include <algorithm>

#include "reconciler/text_format.h"

// Who is affected when, in sentences: what an approver has to know and could not compute in the
// head. Times are the earliest possible ones and say so.

namespace portolan::reconciler {
namespace {

// Only what is plainly everyone: "a*" may be, and nobody can know.
bool MatchesEveryone(const mapcore::MatchRule& rule) {
  return !rule.subject.empty() && rule.subject.find_first_not_of('*') == std::string::npos;
}

std::string KeysSentence(const BlastRadius& radius) {
  if (radius.first_version)
    return KeyCount(radius.keys_total) + ", all new: the map's first version";
  return Grouped(radius.keys_changed) + " of " + KeyCount(radius.keys_total) +
         (radius.keys_changed == 1 ? " changes (" : " change (") +
         Percent(radius.keys_changed, radius.keys_total) + ")";
}

// Below half only: "1 in 1" helps nobody.
std::string OneIn(std::uint32_t weight) {
  if (weight == 0 || weight > mapcore::kWeightMax / 2) return "";
  return ", about 1 in " + Grouped((mapcore::kWeightMax + weight / 2) / weight);
}

std::string FirstStepSentence(const BlastRadius& radius) {
  if (radius.first_version) {
    return "every client gets it at once; no stable version exists to compare with or to return to";
  }
  const std::uint32_t weight =
      std::min(radius.weights.empty() ? mapcore::kWeightMax : radius.weights.front(),
               mapcore::kWeightMax - radius.holdback);
  if (weight >= mapcore::kWeightMax) {
    return "first step: 100 %, every client gets the new version at once";
  }
  const std::string start = "first step: " + WeightPercent(weight);
  if (radius.split == manifests::SplitMode::kInstance) {
    return start +
           " of the instances, rounded up and at least one, serve the whole new version to all "
           "their lookups; a single instance gets it at once";
  }
  return start + " of subjects" + OneIn(weight) +
         ", get the whole new version; lookups without a subject stay on stable until 100 %";
}

std::string TimeSentence(const BlastRadius& radius) {
  const std::string good = FormatDuration(radius.earliest_known_good);
  if (radius.weights.size() <= 1) return "known good after " + good + " at the earliest";
  std::string text = "steps: ";
  for (std::size_t i = 0; i < radius.weights.size(); ++i) {
    text += (i == 0 ? "" : " -> ") + WeightPercent(radius.weights[i]);
  }
  text += "; 100 % after " + FormatDuration(radius.earliest_full) +
          " at the earliest, known good after " + good;
  if (radius.holdback > 0)
    text += "; " + WeightPercent(radius.holdback) + " stay on stable until the bake is over";
  if (radius.waits_for_promote > 0) {
    text +=
        "; waits " +
        (radius.waits_for_promote == 1 ? "once" : Grouped(radius.waits_for_promote) + " times") +
        " for a person (`promote`)";
  }
  return text;
}

std::string RuleWords(const mapcore::MatchRule& rule) {
  if (!rule.subject.empty()) return "subjects like \"" + Printable(rule.subject) + "\"";
  std::string values;
  for (const std::string& value : rule.in) {
    values += (values.empty() ? "\"" : ", \"") + Printable(value) + "\"";
  }
  return "subjects whose " + Printable(rule.attribute) +
         (rule.in.size() == 1 ? " is " : " is one of ") + values;
}

std::string MatchSentence(const BlastRadius& radius) {
  std::string rules;
  for (const mapcore::MatchRule& rule : radius.match) {
    rules += (rules.empty() ? "" : "; ") + RuleWords(rule);
  }
  std::string text =
      "in the canary from the first step by match rules, however many they are: " + rules;
  if (radius.match_everyone) text += " (that is every subject: the steps hold nobody back)";
  return text + "; matched subjects are left out of the evidence";
}

}  // namespace

BlastRadius BlastRadiusOf(const MapPlan& plan) {
  BlastRadius radius;
  radius.keys_changed = plan.changes.created + plan.changes.updated + plan.changes.deleted;
  radius.keys_total = radius.keys_changed + plan.changes.unchanged;
  radius.first_version = !plan.base;
  radius.split = plan.split;
  // A first version has no steps (docs/architecture.md): there is no stable one to compare it
  // with.
  if (!radius.first_version) {
    for (const manifests::Step& step : plan.strategy.steps) {
      radius.weights.push_back(step.weight);
      if (step.weight >= mapcore::kWeightMax) continue;
      // The least: soak counts only while both arms report, and metrics may ask for more.
      radius.earliest_full += step.soak;
      radius.waits_for_promote += step.pause && !step.pause->duration;
    }
    radius.match = plan.strategy.match;
    radius.match_everyone = std::any_of(radius.match.begin(), radius.match.end(), MatchesEveryone);
  }
  radius.earliest_known_good = radius.earliest_full + plan.strategy.bake;
  if (radius.first_version || plan.strategy.holdback == 0) return radius;
  radius.holdback = plan.strategy.holdback;
  radius.earliest_full = radius.earliest_known_good;
  return radius;
}

std::vector<std::string> BlastRadiusSentences(const BlastRadius& radius) {
  std::vector<std::string> sentences = {KeysSentence(radius), FirstStepSentence(radius),
                                        TimeSentence(radius)};
  if (!radius.match.empty()) sentences.push_back(MatchSentence(radius));
  return sentences;
}

}  // namespace portolan::reconciler
