#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "mapcore/entry_limits.h"
#include "mapcore/hmap.h"

namespace portolan::mapcore {

// One key's change, as observers are told it. Views for the length of the call.
struct MapEvent {
  std::string_view key;
  std::optional<std::string_view> before;  // nothing: the key was not there
  std::optional<std::string_view> after;   // nothing: it was erased
  // Of the map, counted up by one with every change that had an effect. Of a resume: the version
  // that the observer has when all of its events have come.
  std::uint64_t version = 0;
};

// Somebody who keeps a mirror of a map: an index, a cache, a connection. May fail at any event, and
// may throw; what it did with that event before does not matter, for it is told again.
class ChangeAware {
 public:
  virtual ~ChangeAware() = default;
  // In order, one at a time, each exactly once as long as none fails. To apply an event twice must
  // be as good as once: put `after` under `key`. Must not use the door;
  // its writes are refused, to subscribe or unsubscribe is a mistake of the programmer.
  virtual Status OnChange(const MapEvent& event) = 0;
  // Forget everything; the events that follow are the whole map.
  virtual Status OnReset() = 0;
};

// What happens to an observer.
struct ObserverState {
  bool following = false;     // it is told every change as it happens
  std::uint64_t version = 0;  // of the map, that it certainly has
  std::uint64_t failures = 0;
  std::string last_error = {};
};

// What a door lets in, and where it begins.
struct MapDoorOptions {
  EntryLimits limits = {};                             // of each entry
  std::uint64_t entries_max = std::uint64_t{1} << 32;  // of the map
  std::uint64_t version = 0;                           // versions are counted from here
};

// The safe door to a Hmap: what enters is checked (EntryLimits: no null, no empty key, nothing over
// its limits), every change has a version, and observers are told of it in order, so that their
// mirrors cannot drift from the map.
//
// An observer that fails is told no more, and holds up neither the map nor other observers. Its
// place is kept as a snapshot (O(1); memory as the map changes away from it). Resume() tells it
// what differs between there and now, which is O(changes), and goes on. Should it fail during that,
// the next Resume() first finishes the same difference: a mirror may be half way between two
// versions, and only the events between those two bring it to one.
//
// One thread at a time, as a Hmap. Observers outlive their subscription.
class MapDoor {
 public:
  using ObserverId = std::uint64_t;

  // Errors: kExhausted, as Hmap::Create.
  static Result<std::unique_ptr<MapDoor>> Create(HmapOptions map = {},
                                                 const MapDoorOptions& options = {});

  // Errors: kInvalid for what the limits refuse; kExhausted when memory is out or the map has its
  // entries_max; kConflict from within an observer. The map is unchanged then, and nobody told.
  Result<bool> Put(std::string_view key, std::string_view value);  // true when the key is new
  Result<bool> Erase(std::string_view key);                        // true when it was there

  std::optional<std::string_view> Find(std::string_view key) const { return map_.Find(key); }
  std::uint64_t size() const { return map_.size(); }
  std::uint64_t version() const { return version_; }
  // The present version, for those who want to subscribe from it later. Errors: kExhausted when
  // memory is out; kConflict from within an observer.
  Result<Snapshot> TakeSnapshot(std::int64_t timestamp_ms);

  // Tells the observer the whole map, after OnReset(), and from then on every change. It is
  // subscribed even when it fails at once, or memory is out for telling it: look at StateOf().
  ObserverId Subscribe(ChangeAware& observer);
  // The same for an observer that has exactly the contents of `from`, a snapshot of this map: it is
  // told what differs.
  ObserverId Subscribe(ChangeAware& observer, const Snapshot& from);
  // Tells an observer that failed what it missed. True when it follows again. Errors: kNotFound;
  // kConflict from within an observer.
  Result<bool> Resume(ObserverId id);
  void Unsubscribe(ObserverId id);
  // Nothing for an id that is not subscribed.
  std::optional<ObserverState> StateOf(ObserverId id) const;

 private:
  // The way from a version that a mirror had, or none, to one that it has when all was told.
  struct Leg {
    Snapshot from;  // null: from nothing, after a reset
    Snapshot to;    // null: not begun; the present, when it begins
  };
  struct Observer {
    ObserverId id;
    ChangeAware* aware;
    ObserverState state;
    Leg leg;  // while not following
    // The change at which it failed: told again before the leg, which begins behind it.
    std::optional<std::string> failed_key = {}, failed_before = {}, failed_after = {};
  };

  MapDoor(Hmap map, const MapDoorOptions& options)
      : map_(std::move(map)),
        limits_(options.limits),
        entries_max_(options.entries_max),
        version_(options.version) {}
  Observer* ById(ObserverId id);
  ObserverId Add(ChangeAware& observer, Leg leg);
  Status CheckOutside() const;
  void Tell(const MapEvent& event);
  bool Try(Observer& observer, const MapEvent* event);
  void FallBehind(Observer& observer, const MapEvent& event);
  bool CatchUp(Observer& observer);
  bool TellFailed(Observer& observer);
  bool TellLegs(Observer& observer);
  bool TellLeg(Observer& observer);

  Hmap map_;
  const EntryLimits limits_;
  const std::uint64_t entries_max_;
  std::uint64_t version_;
  std::vector<Observer> observers_;
  ObserverId next_id_ = 1;
  bool telling_ = false;
};

}  // namespace portolan::mapcore
