// Scenarios of a dual run: what lookups and clients' own outputs say of both versions.
#include "tests/scenarios/scenario.h"

namespace portolan::reconciler {
namespace {

std::string TextOf(const std::map<std::string, std::string>& arguments, const std::string& name,
                   const std::string& fallback) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? fallback : found->second;
}

}  // namespace

void Scenario::Compare(const Arguments& arguments) {
  Observation seen;
  seen.now = now_;
  const std::string key = TextOf(arguments, "key", "a");
  const auto number = [&](const std::string& name) {
    return std::stoll(TextOf(arguments, name, "0"));
  };
  if (arguments.contains("lookups")) {
    mapcore::DualRun::Counts& counts = seen.compared.emplace();
    counts.compared = number("lookups");
    counts.differing = number("differing");
    counts.lost = number("lost");
    if (counts.differing > 0) counts.keys.push_back({key, counts.differing, counts.lost});
  } else {
    OutputReport report{TextOf(arguments, "instance", "client"),
                        ++batch_,
                        rollout_.map,
                        rollout_.target->version.digest,
                        {}};
    if (arguments.contains("batch")) report.batch = std::stoull(arguments.at("batch"));
    const std::int64_t failed = number("failed");
    const std::int64_t bad = number("bad") + failed;
    for (std::int64_t i = 0; i < number("outputs"); ++i) {
      OutputItem& item = report.items.emplace_back();
      item.key = key;
      item.subject =
          SubjectHash(TextOf(arguments, "sticky", "subject-" + std::to_string(++subject_)));
      item.agrees = i >= bad;
      item.failed = i < failed;
      if (!item.agrees) item.distance = std::stod(TextOf(arguments, "distance", "0.1"));
    }
    seen.outputs.push_back(std::move(report));
  }
  Observe(std::move(seen));
}

}  // namespace portolan::reconciler
