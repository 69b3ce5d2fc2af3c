#include "mapcore/traffic_split.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace portolan::mapcore {
namespace {

// By bytes, so that the hash is the same on every machine; compilers make one load of it.
std::uint32_t ReadLittleEndian(const char* at) {
  std::uint32_t word = 0;
  for (int i = 3; i >= 0; --i) word = word << 8 | static_cast<std::uint8_t>(at[i]);
  return word;
}

std::uint32_t MixWord(std::uint32_t word) {
  return std::rotl(word * 0xcc9e2d51, 15) * 0x1b873593;
}

// The high half of the product (Lemire, "Fast Random Integer Generation in an Interval", 2019),
// and not a remainder: part of the published rule, with test vectors.
std::uint32_t BucketOfHash(std::uint32_t hash) {
  return static_cast<std::uint32_t>(std::uint64_t{hash} * kWeightMax >> 32);
}

std::string_view Attribute(const Subject& subject, std::string_view name) {
  for (const auto& [key, value] : subject.attributes)
    if (key == name) return value;
  return {};
}

bool Matches(const MatchRule& rule, const Subject& subject, std::string_view id) {
  if (!rule.subject.empty()) return GlobMatch(rule.subject, id);
  const std::string_view value = Attribute(subject, rule.attribute);
  return !value.empty() && std::find(rule.in.begin(), rule.in.end(), value) != rule.in.end();
}

// What decides the arm: the subject, or with `split: instance` who asks.
std::string_view IdOf(const TrafficSplit& split, const Subject& subject) {
  if (split.instances) return subject.instance;
  return split.bucket_by == "targetingKey" ? subject.targeting_key
                                           : Attribute(subject, split.bucket_by);
}

}  // namespace

std::uint32_t Murmur3(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = seed;
  const std::size_t blocks = bytes.size() / 4;
  for (std::size_t i = 0; i < blocks; ++i) {
    hash ^= MixWord(ReadLittleEndian(bytes.data() + 4 * i));
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64;
  }
  // MixWord(0) is 0: without a tail this changes nothing, as in the reference code.
  std::uint32_t tail = 0;
  for (std::size_t i = bytes.size(); i > 4 * blocks; --i)
    tail = tail << 8 | static_cast<std::uint8_t>(bytes[i - 1]);
  hash ^= MixWord(tail);

  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

std::uint32_t Bucket(std::string_view salt, std::string_view subject) {
  // Lookups allocate nothing, but for very long subjects.
  std::array<char, 256> buffer;
  const std::size_t length = salt.size() + 1 + subject.size();
  if (length > buffer.size())
    return BucketOfHash(Murmur3(std::string(salt) + ":" + std::string(subject), 0));
  char* end = std::copy(salt.begin(), salt.end(), buffer.data());
  *end++ = ':';
  std::copy(subject.begin(), subject.end(), end);
  return BucketOfHash(Murmur3({buffer.data(), length}, 0));
}

// Greedy, with one place to come back to: only the last '*' ever needs to take more, since
// whatever lies before it has matched the shortest way.
bool GlobMatch(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star =
      std::string_view::npos;  // the last '*' seen, and how far into the text it reaches
  std::size_t reach = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++reach;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string_view ArmName(Arm arm) {
  return arm == Arm::kCanary ? "canary" : "stable";
}

std::string_view AssignReasonName(AssignReason reason) {
  switch (reason) {
    case AssignReason::kStatic:
      return "static";
    case AssignReason::kSplit:
      return "split";
    case AssignReason::kMatch:
      return "match";
    case AssignReason::kNoSubject:
      return "no-subject";
  }
  return "static";
}

// Weights 0 and 100 % first: they must not depend on a subject, or lookups without one would lag
// behind.
Assignment Assign(const TrafficSplit& split, const Subject& subject) {
  if (split.weight == 0) return {Arm::kStable, AssignReason::kStatic};
  if (split.weight >= kWeightMax) return {Arm::kCanary, AssignReason::kStatic};
  const std::string_view id = IdOf(split, subject);
  if (id.empty()) return {Arm::kStable, AssignReason::kNoSubject};
  for (const MatchRule& rule : split.match)
    if (Matches(rule, subject, id)) return {Arm::kCanary, AssignReason::kMatch};
  const bool canary = split.instances
                          ? std::binary_search(split.instances->begin(), split.instances->end(), id)
                          : Bucket(split.salt, id) < split.weight;
  return {canary ? Arm::kCanary : Arm::kStable, AssignReason::kSplit};
}

}  // namespace portolan::mapcore
