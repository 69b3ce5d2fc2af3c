#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portolan::mapcore {

constexpr std::uint32_t kWeightMax = 100'000;  // 100 %; weights and buckets are integers of 100,000

// MurmurHash3_x86_32 (Austin Appleby, public domain).
std::uint32_t Murmur3(std::string_view bytes, std::uint32_t seed);

// The subject's place in [0, 100,000): (murmur3(salt + ":" + subject, seed 0) * 100000) >> 32.
// Published at /v1/spec/bucketing with test vectors, so that clients in any language agree.
std::uint32_t Bucket(std::string_view salt, std::string_view subject);

// `*` matches any run of bytes (also across '/'), `?` one byte; everything else itself. Linear in
// practice, O(pattern * text) at worst, no recursion.
bool GlobMatch(std::string_view pattern, std::string_view text);

// Puts chosen subjects into the canary from the first step on. Exactly one of the two forms is
// used.
struct MatchRule {
  std::string subject = {};          // glob over the subject, or empty
  std::string attribute = {};        // attribute name, or empty
  std::vector<std::string> in = {};  // values of the attribute that match

  friend bool operator==(const MatchRule&, const MatchRule&) = default;
};

// How lookups divide between the two arms of a map.
struct TrafficSplit {
  std::uint32_t weight = 0;  // the canary's share, 0 to kWeightMax
  std::string salt = {};
  std::string bucket_by = "targetingKey";
  std::vector<MatchRule> match = {};
  // With `split: instance` the instances in the canary, sorted; then the instance of a lookup
  // decides in place of its subject, for match rules too.
  std::optional<std::vector<std::string>> instances = {};

  friend bool operator==(const TrafficSplit&, const TrafficSplit&) = default;
};

// What a lookup is for. Views; the caller keeps the bytes.
struct Subject {
  std::string_view targeting_key;  // empty: no subject
  std::span<const std::pair<std::string, std::string>> attributes = {};
  std::string_view instance = {};  // that asks; read only with `split: instance`
};

enum class Arm { kStable, kCanary };
enum class AssignReason { kStatic, kSplit, kMatch, kNoSubject };
struct Assignment {
  Arm arm;
  AssignReason reason;
};

std::string_view ArmName(Arm arm);                  // "stable", "canary"
std::string_view AssignReasonName(AssignReason r);  // "static", "split", "match", "no-subject"

// Canary iff weight > 0 and (matched or bucket < weight). Sticky and monotone: raising the weight
// only adds subjects. The subject is the targeting key, or the attribute that bucket_by names; its
// bytes are taken as they are; with `instances` it is the instance, and membership takes the place
// of the bucket. Without one: stable, whatever else matches. At weight 0 and at kWeightMax nothing
// depends on the subject: everyone, also without one, is in the same arm and the reason is kStatic.
Assignment Assign(const TrafficSplit& split, const Subject& subject);

}  // namespace portolan::mapcore
