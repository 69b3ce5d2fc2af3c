#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"

namespace portolan::reconciler {

// What an instance says of one map.
enum class AckStatus {
  kAlive,     // still here, nothing new
  kApplied,   // it serves from this digest now (with `split: subject` besides others)
  kRejected,  // it refuses this digest and stays with what it had
  kCrashed,   // it, or the process before it, ended on this digest
  kGoodbye,   // it leaves; its lease ends without blame
};
std::string_view AckStatusName(AckStatus status);  // "alive", "applied", …
std::optional<AckStatus> ParseAckStatus(std::string_view name);

constexpr Duration kLeaseDefault = std::chrono::seconds(30);
constexpr Duration kLeaseMin = std::chrono::seconds(1);
constexpr Duration kLeaseMax = std::chrono::hours(1);
constexpr std::size_t kInstancesMax = 10'000;  // of one map; more are not taken up
constexpr std::size_t kAppliedMax = 2;         // both arms

// One acknowledgement. It renews the instance's lease, whatever it says.
struct Ack {
  std::string instance;
  std::string map;
  Digest digest;  // not read with kAlive and kGoodbye
  AckStatus status = AckStatus::kAlive;
  std::string reason;  // of a rejection or a crash
  Duration lease = kLeaseDefault;
};

// One running client, agent or target, as far as one map is concerned.
struct Instance {
  std::vector<Digest> applied;    // newest first, at most kAppliedMax
  std::optional<Digest> refused;  // the digest it rejected or crashed on last
  std::string reason;             // why
  Duration lease = kLeaseDefault;
  WallTime heard{};
  std::optional<Duration> heard_mono;  // unknown after a restart: the lease starts anew
  std::uint64_t joined = 0;  // number of the rollout in which it was first heard; 0: before it
  bool lost = false;         // its lease ended without a goodbye, in a rollout

  bool Holds(const Digest& digest) const;
};

// What holders of a version are to have: its digest, or of a group the digests of the members that
// it changes. In a group a holder is one instance of one member, "<map>/<instance>".
struct Wanted {
  Wanted(const Digest& of_all) : digest(of_all) {}

  // Null: this holder's member does not change, so nothing is to be learnt from it.
  const Digest* Of(std::string_view holder) const;

  Digest digest;
  bool of_group = false;
  std::map<std::string, Digest, std::less<>> by_map;
};

// The instances of one map by name.
using Fleet = std::map<std::string, Instance, std::less<>>;

// Takes up one acknowledgement. `rollout` is the number of the rollout in flight, 0 without one.
// True when more changed than the time of the lease.
bool TakeAck(Fleet& fleet, const Ack& ack, const Now& now, std::uint64_t rollout);

// Ends the leases that are over at `now`: those instances are marked as lost while a rollout is in
// flight (`keep`), and forgotten otherwise. True when something changed. O(instances).
bool EndLeases(Fleet& fleet, Duration now_mono, bool keep);

// A rollout to `target` begins: what an earlier attempt left behind says nothing about this one.
void BeginRollout(Fleet& fleet, const Wanted& target, bool target_is_stable);

// How many instances were lost that ran the new version, and how many that did not.
struct Losses {
  std::int64_t with = 0;  // instances that applied it, lost ones included
  std::int64_t with_lost = 0;
  std::int64_t without = 0;
  std::int64_t without_lost = 0;
  std::int64_t newcomers = 0;  // alive, first heard in this rollout

  // At least two and a tenth of those that applied the version are gone, more than newcomers make
  // up for, while those without it stay. Without anybody to compare with it is no limit: when all
  // are gone, it may be the network. A rolling restart brings a newcomer for each one that goes.
  bool TooMany() const;
};
Losses LossesOf(const Fleet& fleet, const Wanted& target, std::uint64_t rollout);

}  // namespace portolan::reconciler
