#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "mapcore/base/clock.h"
#include "mapcore/traffic_split.h"
#include "reconciler/plan.h"

namespace portolan::reconciler {

// Who and what a MapPlan reaches, how soon: the numbers that a person judges a change by.
struct BlastRadius {
  std::int64_t keys_changed = 0;
  std::int64_t keys_total = 0;  // of both versions together, so that the share is at most 100 %
  bool first_version =
      false;  // goes to everyone at once: there is no stable version to compare or return to
  manifests::SplitMode split = manifests::SplitMode::kSubject;
  std::vector<std::uint32_t> weights;  // of the steps, of 100,000; empty for a first version
  // Soaks below 100 %, summed. Real rollouts take longer: soak counts only while data flows, and
  // people, evidence and convergence may add to it. A version that is known good already skips the
  // steps; a plan cannot know that.
  Duration earliest_full{0};
  // The same and the bake; with a holdback only then everybody has the version.
  Duration earliest_known_good{0};
  std::uint32_t holdback = 0;  // of 100,000, on stable in the bake
  int waits_for_promote = 0;   // pauses below 100 % that a person ends
  std::vector<mapcore::MatchRule> match;
  bool match_everyone = false;  // a rule matches any subject: the weight means nothing
};

BlastRadius BlastRadiusOf(const MapPlan& plan);

// The same in sentences, without full stops, in reading order; foreign text in them is printable.
std::vector<std::string> BlastRadiusSentences(const BlastRadius& radius);

}  // namespace portolan::reconciler
