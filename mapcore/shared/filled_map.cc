#include "mapcore/shared/filled_map.h"

#include <array>
#include <atomic>
#include <mutex>
#include <new>
#include <unordered_set>
#include <utility>

#include "mapcore/hmap/hash.h"

namespace portolan::mapcore {

// While the fill goes on, everything that writes a key holds the mutex of its stripe: to look, and
// to put only if nothing is there, are then one step.
struct FilledMap::State {
  static constexpr std::size_t kStripes = 16;
  struct alignas(64) Stripe {
    std::mutex mutex;
    // By users of the map, of what the source has, or may have; guarded by mutex.
    std::unordered_set<std::string> erased;
  };

  std::unique_ptr<SharedMap> map;
  std::shared_ptr<EntrySource> source;
  std::array<Stripe, kStripes> stripes;
  std::atomic<bool> complete{false};
  std::atomic<bool> ended{false};
  mutable std::mutex mutex;
  FillProgress progress;  // guarded by mutex

  Stripe& StripeOf(std::string_view key) {
    return stripes[hmap::HashBytes(key, hmap::kHashWords[0]) % kStripes];
  }

  // From now on the map has all. Under every mutex, so that no Offer that began before puts
  // something after a write that no longer takes the mutex.
  void Complete() {
    for (Stripe& stripe : stripes) stripe.mutex.lock();
    complete.store(true, std::memory_order_release);
    for (Stripe& stripe : stripes) {
      std::unordered_set<std::string>().swap(stripe.erased);  // its memory too
      stripe.mutex.unlock();
    }
  }

  // Puts what the source has, unless the map has, or had, something newer.
  Status Offer(MapSession& session, std::string_view key, std::string_view value) {
    Stripe& stripe = StripeOf(key);
    const std::lock_guard lock(stripe.mutex);
    // What the map has not now was erased since.
    if (complete.load(std::memory_order_relaxed)) return {};
    std::string present;
    if (stripe.erased.contains(std::string(key))) return {};
    if (session.Find(key, present) == Found::kHit) return {};
    PORTOLAN_CHECK(session.Put(key, value));
    const std::lock_guard count(mutex);
    ++progress.entries;
    return {};
  }

  // On the executor's thread: a heap that is out is an error of the part.
  Status TryToRead(std::uint32_t part, std::uint32_t parts) {
    try {
      const std::unique_ptr<MapSession> session = map->Open();
      return source->Read(part, parts, [&](std::string_view key, std::string_view value) -> Status {
        if (ended) return Error{ErrorCode::kCancelled, "the map has ended"};
        return Offer(*session, key, value);
      });
    } catch (const std::bad_alloc&) {
      return Error{ErrorCode::kExhausted, "out of memory"};  // so short that it takes none
    }
  }

  void ReadPart(std::uint32_t part, std::uint32_t parts) {
    if (ended) return;
    Status read = TryToRead(part, parts);
    {
      const std::lock_guard lock(mutex);
      ++(read.ok() ? progress.read : progress.failed);
      if (!read.ok()) progress.error = std::move(read).error().message;
      if (!progress.complete()) return;
    }
    Complete();  // not under `mutex`, which an Offer takes under a stripe's
  }
};

class FilledMap::Session : public MapSession {
 public:
  Session(FilledMap& map, State& state)
      : MapSession(map), state_(state), behind_(state.map->Open()) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override {
    // Read before the lookup: a key that comes meanwhile is then found, or asked for.
    const bool complete = state_.complete.load(std::memory_order_acquire);
    const Found found = behind_->Find(key, value);
    if (found != Found::kMiss || complete) return found;
    {
      State::Stripe& stripe = state_.StripeOf(key);
      const std::lock_guard lock(stripe.mutex);
      if (stripe.erased.contains(std::string(key))) return Found::kMiss;
    }
    auto loaded = state_.source->Load(key);
    if (!loaded.ok()) return Found::kUnavailable;
    if (!*loaded) return Found::kMiss;
    // Memory may be out: the answer is good all the same.
    if (Keep(key, **loaded))
      return behind_->Find(key, value);  // a miss when it was erased while the source was asked
    value = std::move(**loaded);
    return Found::kHit;
  }

  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    if (state_.complete.load(std::memory_order_acquire)) return behind_->Put(key, value);
    State::Stripe& stripe = state_.StripeOf(key);
    const std::lock_guard lock(stripe.mutex);
    const std::string erased(key);  // first: what throws has changed nothing
    PORTOLAN_TRY(const bool fresh, behind_->Put(key, value));
    stripe.erased.erase(erased);
    return fresh;
  }

  Result<bool> DoErase(std::string_view key) override {
    if (state_.complete.load(std::memory_order_acquire)) return behind_->Erase(key);
    PORTOLAN_TRY(const bool there, EraseAndRemember(key));
    ForgetWhatTheSourceHasNot(key);
    return there;
  }

  bool Keep(std::string_view key, std::string_view loaded) {
    try {
      return state_.Offer(*behind_, key, loaded).ok();
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  // Not under the mutex: a source takes its time. Only a key that it has can come back. Where the
  // heap is out the key stays remembered, and the erase that was done is said to be.
  void ForgetWhatTheSourceHasNot(std::string_view key) {
    try {
      const auto loaded = state_.source->Load(key);
      if (!loaded.ok() || *loaded) return;
      State::Stripe& stripe = state_.StripeOf(key);
      const std::lock_guard lock(stripe.mutex);
      stripe.erased.erase(std::string(key));
    } catch (const std::bad_alloc&) {
    }
  }

  Result<bool> EraseAndRemember(std::string_view key) {
    State::Stripe& stripe = state_.StripeOf(key);
    const std::lock_guard lock(stripe.mutex);
    if (state_.complete.load(std::memory_order_relaxed)) return behind_->Erase(key);
    // Noted first, and not taken back where the heap is out meanwhile: what is erased and not noted
    // comes back as the source has it.
    const auto [noted, fresh] = stripe.erased.insert(std::string(key));
    Result<bool> there = behind_->Erase(key);
    if (!there.ok() && fresh) stripe.erased.erase(noted);
    return there;
  }

  State& state_;
  const std::unique_ptr<MapSession> behind_;
};

FilledMap::FilledMap(std::unique_ptr<SharedMap> map, std::shared_ptr<EntrySource> source)
    : SharedMap(map->limits()), state_(std::make_shared<State>()) {
  state_->map = std::move(map);
  state_->source = std::move(source);
}

FilledMap::~FilledMap() {
  state_->ended = true;
}

Status FilledMap::Preload(std::uint64_t entries_max) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->progress.parts = 1;
  }
  const std::unique_ptr<MapSession> session = state_->map->Open();
  std::uint64_t taken = 0;
  bool all = true;
  const Status read =
      state_->source->Read(0, 1, [&](std::string_view key, std::string_view value) -> Status {
        if (taken++ < entries_max) return state_->Offer(*session, key, value);
        all = false;
        return Error{ErrorCode::kCancelled, "enough"};
      });
  if (!all) return {};
  {
    const std::lock_guard lock(state_->mutex);
    ++(read.ok() ? state_->progress.read : state_->progress.failed);
    if (!read.ok()) state_->progress.error = read.error().message;
  }
  if (read.ok()) state_->Complete();
  return read;
}

void FilledMap::FillWith(Executor& executor, std::uint32_t parts) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->progress.parts = parts;
  }
  for (std::uint32_t part = 0; part < parts; ++part)
    executor.Run([state = state_, part, parts] { state->ReadPart(part, parts); });
}

FillProgress FilledMap::progress() const {
  const std::lock_guard lock(state_->mutex);
  return state_->progress;
}

std::unique_ptr<MapSession> FilledMap::Open() {
  return std::make_unique<Session>(*this, *state_);
}

std::uint64_t FilledMap::remembered() const {
  std::uint64_t sum = 0;
  for (State::Stripe& stripe : state_->stripes) {
    const std::lock_guard lock(stripe.mutex);
    sum += stripe.erased.size();
  }
  return sum;
}

std::uint64_t FilledMap::size() const {
  return state_->map->size();
}

const SharedMap& FilledMap::behind() const {
  return *state_->map;
}

}  // namespace portolan::mapcore
