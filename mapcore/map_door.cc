#include "mapcore/map_door.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <new>
#include <utility>

#include "mapcore/hmap/diff.h"

namespace portolan::mapcore {
namespace {

std::optional<std::string> Copied(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

std::optional<std::string_view> ValueOf(const hmap::Record* record) {
  if (record == nullptr) return std::nullopt;
  return record->value();
}

// Without memory for its text, only that there was one.
void NoteFailure(ObserverState& state, std::string_view why) {
  ++state.failures;
  try {
    state.last_error = why;
  } catch (const std::bad_alloc&) {
    state.last_error.clear();
  }
}

}  // namespace

Result<std::unique_ptr<MapDoor>> MapDoor::Create(HmapOptions map, const MapDoorOptions& options) {
  PORTOLAN_TRY(Hmap made, Hmap::Create(std::move(map)));
  return std::unique_ptr<MapDoor>(new MapDoor(std::move(made), options));
}

Status MapDoor::CheckOutside() const {
  if (!telling_) return {};
  return Error{ErrorCode::kConflict,
               "an observer of the map must not use it; note what to do and do it afterwards"};
}

Result<bool> MapDoor::Put(std::string_view key, std::string_view value) {
  PORTOLAN_CHECK(CheckOutside());
  PORTOLAN_CHECK(CheckKey(key, limits_.key_bytes_max));
  PORTOLAN_CHECK(CheckValue(key, value, limits_.value_bytes_max));
  // Copies: the record may be gone when the observers are told, and what is given may lie in it.
  const std::string own_key(key);
  const std::optional<std::string> before = Copied(map_.Find(key));
  if (before == value) return false;
  if (!before && size() >= entries_max_)
    return Error{ErrorCode::kExhausted, "expected a map of at most " +
                                            std::to_string(entries_max_) +
                                            " entries, found one more; erase some first"};
  PORTOLAN_CHECK(map_.Put(key, value));
  ++version_;
  Tell({own_key, before, map_.Find(own_key), version_});
  return !before;
}

Result<bool> MapDoor::Erase(std::string_view key) {
  PORTOLAN_CHECK(CheckOutside());
  PORTOLAN_CHECK(CheckKey(key, limits_.key_bytes_max));
  const std::string own_key(key);
  const std::optional<std::string> before = Copied(map_.Find(key));
  if (!before) return false;
  PORTOLAN_CHECK(map_.Erase(key));
  ++version_;
  Tell({own_key, before, std::nullopt, version_});
  return true;
}

Result<Snapshot> MapDoor::TakeSnapshot(std::int64_t timestamp_ms) {
  PORTOLAN_CHECK(CheckOutside());
  return map_.TakeSnapshot(version_, timestamp_ms);
}

// Tells one event, or the reset without one; false when the observer failed, by whatever way.
bool MapDoor::Try(Observer& observer, const MapEvent* event) {
  telling_ = true;
  struct Telling {
    bool& telling;
    ~Telling() { telling = false; }
  } const until_told{telling_};
  try {
    const Status told =
        event == nullptr ? observer.aware->OnReset() : observer.aware->OnChange(*event);
    if (told.ok()) return true;
    NoteFailure(observer.state, told.error().message);
  } catch (const std::exception& error) {
    NoteFailure(observer.state, error.what());
  } catch (...) {
    NoteFailure(observer.state, "an exception without a text");
  }
  return false;
}

void MapDoor::Tell(const MapEvent& event) {
  for (Observer& observer : observers_) {
    if (!observer.state.following) continue;
    if (Try(observer, &event))
      observer.state.version = event.version;
    else
      FallBehind(observer, event);
  }
}

// The observer has the version before the event, or that of the event, or something between. What
// it is told again is the event, and then all that comes after it.
void MapDoor::FallBehind(Observer& observer, const MapEvent& event) {
  observer.state.following = false;
  // Without memory to keep its place it will be told the whole map.
  observer.leg = {};
  observer.failed_key.reset();
  try {
    std::string key(event.key);
    std::optional<std::string> before = Copied(event.before);
    std::optional<std::string> after = Copied(event.after);
    Result<Snapshot> here = map_.TakeSnapshot(event.version, 0);
    if (!here.ok()) return;
    observer.leg = {std::move(here).value(), {}};
    observer.failed_key = std::move(key);
    observer.failed_before = std::move(before);
    observer.failed_after = std::move(after);
  } catch (const std::bad_alloc&) {
  }
}

bool MapDoor::TellFailed(Observer& observer) {
  if (!observer.failed_key) return true;
  const MapEvent event{*observer.failed_key, observer.failed_before, observer.failed_after,
                       observer.leg.from.version()};
  if (!Try(observer, &event)) return false;
  observer.state.version = event.version;
  observer.failed_key.reset();
  return true;
}

bool MapDoor::TellLeg(Observer& observer) {
  const Leg& leg = observer.leg;
  if (!leg.from) {
    if (!Try(observer, nullptr)) return false;
    bool told = true;
    leg.to.ForEach([&](const hmap::Record& record) {
      const MapEvent event{record.key(), std::nullopt, record.value(), leg.to.version()};
      told = told && Try(observer, &event);
    });
    return told;
  }
  for (const hmap::RecordChange& change : hmap::Diff(leg.from, leg.to).changes) {
    const MapEvent event{(change.before != nullptr ? change.before : change.after)->key(),
                         ValueOf(change.before), ValueOf(change.after), leg.to.version()};
    if (!Try(observer, &event)) return false;
  }
  return true;
}

// False when the observer failed, or memory is out; its leg stays as it is.
bool MapDoor::CatchUp(Observer& observer) {
  try {
    return TellFailed(observer) && TellLegs(observer);
  } catch (const std::bad_alloc& error) {
    NoteFailure(observer.state, error.what());
    return false;
  }
}

// Leg by leg: one that was begun ends where it was to end, and the next leads from there to the
// present.
bool MapDoor::TellLegs(Observer& observer) {
  for (;;) {
    if (!observer.leg.to) {
      Result<Snapshot> present = map_.TakeSnapshot(version_, 0);
      if (!present.ok()) {
        NoteFailure(observer.state, present.error().message);
        return false;
      }
      observer.leg.to = std::move(present).value();
    }
    if (!TellLeg(observer)) return false;
    observer.state.version = observer.leg.to.version();
    observer.leg = {std::move(observer.leg.to), {}};
    if (observer.state.version == version_) break;
  }
  observer.leg = {};
  observer.state.following = true;
  return true;
}

MapDoor::Observer* MapDoor::ById(ObserverId id) {
  const auto found = std::find_if(observers_.begin(), observers_.end(),
                                  [id](const Observer& observer) { return observer.id == id; });
  return found == observers_.end() ? nullptr : &*found;
}

MapDoor::ObserverId MapDoor::Add(ChangeAware& observer, Leg leg) {
  assert(!telling_);
  observers_.push_back({next_id_++, &observer, {}, std::move(leg)});
  (void)CatchUp(observers_.back());  // a failure is in its state
  return observers_.back().id;
}

MapDoor::ObserverId MapDoor::Subscribe(ChangeAware& observer) {
  return Add(observer, {});
}

MapDoor::ObserverId MapDoor::Subscribe(ChangeAware& observer, const Snapshot& from) {
  return Add(observer, {from, {}});
}

Result<bool> MapDoor::Resume(ObserverId id) {
  PORTOLAN_CHECK(CheckOutside());
  Observer* observer = ById(id);
  if (observer == nullptr)
    return Error{ErrorCode::kNotFound, "observer " + std::to_string(id) + " is not subscribed"};
  return observer->state.following || CatchUp(*observer);
}

void MapDoor::Unsubscribe(ObserverId id) {
  assert(!telling_);
  std::erase_if(observers_, [id](const Observer& observer) { return observer.id == id; });
}

std::optional<ObserverState> MapDoor::StateOf(ObserverId id) const {
  for (const Observer& observer : observers_)
    if (observer.id == id) return observer.state;
  return std::nullopt;
}

}  // namespace portolan::mapcore
