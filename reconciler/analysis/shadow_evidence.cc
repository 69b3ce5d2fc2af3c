#include "reconciler/analysis/shadow_evidence.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "reconciler/analysis/evidence.h"
#include "reconciler/analysis/sequential_test.h"
#include "reconciler/text_format.h"

// Comparisons are paired: each is its own control, so there are no arms to compare, only shares to
// bound. Lookups count as often as they are made, for what they tell is how much traffic a plan
// changes. Outputs count by subject, as failures in a step do: a subject that is asked for a
// thousand times is one witness.

namespace portolan::reconciler {
namespace {

constexpr std::size_t kKeysNamed = 5;
// Three tests share kShadowAlpha: lookups, outputs as a whole, and outputs of the present window.
constexpr double kTests = 3;

std::int64_t TotalOf(const ShadowKey& key) {
  return key.differing + key.disagreeing;
}

ShadowKey* PlaceOf(ShadowEvidence& evidence, std::string_view key) {
  const auto found = evidence.keys.find(key);
  if (found != evidence.keys.end()) return &found->second;
  if (evidence.keys.size() >= kShadowKeysMax) return nullptr;
  return &evidence.keys[std::string(key)];
}

void KeepExample(ShadowKey& key, const OutputItem& item) {
  if (!key.subject.empty() && !(item.distance > key.distance)) return;
  key.distance = item.distance;
  key.subject = HashText(item.subject);
  key.stable = item.stable;
  key.canary = item.canary;
}

void CountItem(ShadowEvidence& evidence, const OutputItem& item) {
  for (OutputCounts* const counts : {&evidence.outputs, &evidence.window}) {
    ++counts->compared;
    counts->seen.Add(item.subject);
    if (item.agrees) continue;
    ++counts->disagreeing;
    counts->failed += item.failed;
    counts->bad.Add(item.subject);
  }
  if (item.agrees) return;
  ShadowKey* const key = PlaceOf(evidence, item.key);
  if (key == nullptr) {
    ++evidence.elsewhere;
    return;
  }
  ++key->disagreeing;
  key->failed += item.failed;
  key->planned = key->planned || item.planned;
  KeepExample(*key, item);
}

// `bad` of `seen` against "the true share is at most `limit`": the binomial test whose alternatives
// have odds larger than the limit's by the ratios of the grid. It is the test on the arm of a bad
// subject with the limit as the coin's weight.
double LogAbove(std::int64_t bad, std::int64_t seen, double limit) {
  const Tosses tosses{
      .weight = limit, .canary = bad, .stable = std::max<std::int64_t>(seen - bad, 0)};
  return LogRegression({&tosses, 1}, /*max_ratio=*/1);
}

bool Above(std::int64_t bad, std::int64_t seen, double limit, double tests) {
  if (bad == 0 || limit >= 1) return false;
  if (limit <= 0) return true;
  return LogAbove(bad, seen, limit) >= std::log(tests / kShadowAlpha);
}

// Against the accusation: the fewest bad subjects of the most seen, two standard errors each.
bool SubjectsAbove(const OutputCounts& counts, double limit, double tests) {
  if (counts.disagreeing == 0) return false;
  constexpr double kError = 2 * SubjectSketch::kStandardError;
  const auto bad = static_cast<double>(counts.BadSubjects()) * (1 - kError);
  const auto seen = static_cast<double>(counts.Subjects()) * (1 + kError);
  return Above(std::max<std::int64_t>(1, std::llround(bad)), std::llround(seen), limit, tests);
}

std::string Share(double ratio) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * ratio);
  return text;
}

double LookupsRatio(const ShadowEvidence& evidence) {
  return evidence.lookups == 0
             ? 0
             : static_cast<double>(evidence.differing) / static_cast<double>(evidence.lookups);
}

std::string LookupsText(const ShadowEvidence& evidence) {
  std::string text = Grouped(evidence.lookups) + " lookups compared";
  if (evidence.lookups == 0) return text;
  text +=
      ", " + Grouped(evidence.differing) + " would differ (" + Share(LookupsRatio(evidence)) + ")";
  return evidence.lost == 0 ? text : text + ", " + Grouped(evidence.lost) + " of them find nothing";
}

// "outputs 2, failed 1, distance 0.031, lookups 12".
std::string CountsText(const ShadowKey& key) {
  std::string text;
  const auto add = [&text](std::string_view what, const std::string& number) {
    text += (text.empty() ? "" : ", ") + std::string(what) + " " + number;
  };
  if (key.disagreeing > 0) add("outputs", Grouped(key.disagreeing));
  if (key.failed > 0) add("failed", Grouped(key.failed));
  char distance[32];
  std::snprintf(distance, sizeof distance, "%.3g", key.distance);
  if (key.disagreeing > key.failed && std::isfinite(key.distance)) add("distance", distance);
  if (key.differing > 0) add("lookups", Grouped(key.differing));
  return text;
}

std::string OutputsText(const OutputCounts& counts) {
  std::string text =
      Grouped(counts.compared) + " outputs of " + Grouped(counts.Subjects()) + " subjects compared";
  if (counts.compared == 0) return text;
  text += ", " + Grouped(counts.disagreeing) + " disagree";
  if (counts.disagreeing > 0)
    text +=
        ", of " + Grouped(counts.BadSubjects()) + " subjects (" + Share(counts.BadRatio()) + ")";
  return counts.failed == 0 ? text : text + ", " + Grouped(counts.failed) + " failed";
}

}  // namespace

// An estimate may be above what was counted.
std::int64_t OutputCounts::Subjects() const {
  return std::min<std::int64_t>(std::llround(seen.Estimate()), compared);
}

std::int64_t OutputCounts::BadSubjects() const {
  return std::min<std::int64_t>(std::llround(bad.Estimate()), disagreeing);
}

double OutputCounts::BadRatio() const {
  const std::int64_t subjects = Subjects();
  if (subjects == 0) return 0;
  return std::min(1.0, static_cast<double>(BadSubjects()) / static_cast<double>(subjects));
}

bool CountLookups(ShadowEvidence& evidence, const mapcore::DualRun::Counts& counts,
                  const Now& now) {
  if (counts == mapcore::DualRun::Counts{}) return false;
  evidence.lookups += counts.compared;
  evidence.differing += counts.differing;
  evidence.lost += counts.lost;
  evidence.elsewhere += counts.elsewhere;
  evidence.last_lookup = now.wall;
  evidence.last_lookup_mono = now.mono;
  for (const mapcore::DualRun::KeyCounts& one : counts.keys) {
    ShadowKey* const key = PlaceOf(evidence, one.key);
    if (key == nullptr) {
      evidence.elsewhere += one.differing;
      continue;
    }
    // A lookup is a function of the version: it differs where the plan changes the key.
    key->planned = true;
    key->differing += one.differing;
    key->lost += one.lost;
  }
  return true;
}

bool CountOutputs(ShadowEvidence& evidence, const OutputReport& report, const Now& now) {
  const auto known = evidence.reporters.find(report.instance);
  if (known != evidence.reporters.end() && report.batch <= known->second) return false;
  if (known == evidence.reporters.end() && evidence.reporters.size() >= kReportersMax) return false;
  evidence.reporters[report.instance] = report.batch;
  for (const OutputItem& item : report.items) CountItem(evidence, item);
  evidence.last_output = now.wall;
  evidence.last_output_mono = now.mono;
  return true;
}

void Soak(ShadowEvidence& evidence, Duration elapsed) {
  evidence.soaked += elapsed;
  const std::int64_t windows = evidence.soaked / kShadowWindow;
  if (windows == evidence.windows) return;
  evidence.windows = windows;
  evidence.window = {};
}

bool ComparisonsFlow(const ShadowEvidence& evidence, const manifests::Shadow& shadow, Duration mono,
                     Duration window) {
  const auto recent = [&](const std::optional<Duration>& at) { return at && mono - *at <= window; };
  if (recent(evidence.last_output_mono)) return true;
  return shadow.require == manifests::ShadowRequire::kAny && recent(evidence.last_lookup_mono);
}

std::int64_t ComparisonsOf(const ShadowEvidence& evidence, const manifests::Shadow& shadow) {
  return shadow.require == manifests::ShadowRequire::kAny
             ? evidence.outputs.compared + evidence.lookups
             : evidence.outputs.compared;
}

std::optional<std::string> DisagreementOf(const ShadowEvidence& evidence,
                                          const manifests::Shadow& shadow, bool ended) {
  const double windows = std::ceil(static_cast<double>(shadow.soak.count()) /
                                   static_cast<double>(kShadowWindow.count()));
  const double limit = shadow.max_outputs_ratio;
  const auto outputs = [&](std::string_view when, const OutputCounts& counts) {
    return std::string(when) + OutputsText(counts) + ", at most " + Share(limit) +
           " of subjects may: " + DisagreeingKeysText(evidence);
  };
  if (SubjectsAbove(evidence.outputs, limit, kTests) ||
      (ended && evidence.outputs.BadRatio() > limit))
    return outputs("", evidence.outputs);
  if (SubjectsAbove(evidence.window, limit, kTests * windows))
    return outputs("within the present hour of soak: ", evidence.window);
  const bool lookups =
      Above(evidence.differing, evidence.lookups, shadow.max_lookups_ratio, kTests) ||
      (ended && LookupsRatio(evidence) > shadow.max_lookups_ratio);
  if (!lookups) return std::nullopt;
  return LookupsText(evidence) + ", at most " + Share(shadow.max_lookups_ratio) +
         " may: " + DisagreeingKeysText(evidence);
}

std::string ShadowText(const ShadowEvidence& evidence) {
  return LookupsText(evidence) + "; " + OutputsText(evidence.outputs);
}

std::vector<std::string> MostDisagreeing(const ShadowEvidence& evidence, std::size_t most) {
  std::vector<std::string> names;
  for (const auto& [name, key] : evidence.keys) names.push_back(name);
  // Stable: equal counts stay in byte order.
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return TotalOf(evidence.keys.find(a)->second) > TotalOf(evidence.keys.find(b)->second);
  });
  if (names.size() > most) names.resize(most);
  return names;
}

std::string DisagreeingKeysText(const ShadowEvidence& evidence) {
  std::string text;
  for (const std::string& name : MostDisagreeing(evidence, kKeysNamed))
    text += (text.empty() ? "" : ", ") + name + " (" +
            CountsText(evidence.keys.find(name)->second) + ")";
  const std::size_t more = evidence.keys.size() - std::min(evidence.keys.size(), kKeysNamed);
  if (more > 0) text += " and " + Grouped(static_cast<std::int64_t>(more)) + " more keys";
  if (evidence.elsewhere > 0)
    text += ", " + Grouped(evidence.elsewhere) + " on keys that are not counted apart";
  return text;
}

}  // namespace portolan::reconciler
