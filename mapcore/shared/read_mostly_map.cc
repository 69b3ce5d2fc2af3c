#include "mapcore/shared/read_mostly_map.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "mapcore/map_clone.h"

namespace portolan::mapcore {
namespace {

constexpr std::uint32_t kReclaimEach = 512;  // replaced values; a pass costs one membarrier
constexpr std::int64_t kSweepAtLeast = 64;   // erased cells
// When there is no room for another key a sweep is worth its while for one in so many cells.
constexpr std::int64_t kSweepShareWhenFull = 8;
// It was in vain when it took out fewer than one in so many of them.
constexpr std::int64_t kSweepShareInVain = 64;

}  // namespace

class ReadMostlyMap::Session : public MapSession {
 public:
  explicit Session(ReadMostlyMap& map) : MapSession(map), map_(map), reader_(map.readers_) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override;
  Result<bool> DoPut(std::string_view key, std::string_view value) override;
  Result<bool> DoErase(std::string_view key) override;

  ReadMostlyMap& map_;
  hmap::Reader reader_;
};

Found ReadMostlyMap::Session::DoFind(std::string_view key, std::string& value) {
  const hmap::ReadScope scope(reader_);
  // View and `amended` come as one: a promotion in between leaves this view amended, and the key is
  // then found in dirty.
  const View* view = map_.read_.load(std::memory_order_acquire);
  const Cell* cell = CellIn(view->keys, key);
  if (cell == nullptr) {
    if (!view->amended.load(std::memory_order_acquire)) return Found::kMiss;
    return map_.FindInDirty(key, value);
  }
  const Value* now = cell->value.load(std::memory_order_acquire);
  if (now == nullptr) return Found::kMiss;
  if (now == Swept()) return map_.FindInDirty(key, value);
  value.assign(reinterpret_cast<const char*>(now + 1), now->bytes);
  return Found::kHit;
}

Result<bool> ReadMostlyMap::Session::DoPut(std::string_view key, std::string_view value) {
  // Outside of the scope, which would hold up what is freed to make room.
  PORTOLAN_TRY(Value* const next, map_.NewValue(value));
  {
    const hmap::ReadScope scope(reader_);
    Cell* cell = CellIn(map_.read_.load(std::memory_order_acquire)->keys, key);
    if (cell != nullptr) {
      const Exchanged done = map_.Exchange(*cell, next);
      map_.TidyIfDue();
      if (done != Exchanged::kSwept) return done == Exchanged::kFresh;
    }
  }
  return map_.PutInDirty(key, next);
}

Result<bool> ReadMostlyMap::Session::DoErase(std::string_view key) {
  PORTOLAN_CHECK(map_.TakeRoom(0));
  const hmap::ReadScope scope(reader_);
  const View* view = map_.read_.load(std::memory_order_acquire);
  Cell* cell = CellIn(view->keys, key);
  if (cell == nullptr && !view->amended.load(std::memory_order_acquire)) return false;
  if (cell != nullptr) {
    const Exchanged done = map_.Exchange(*cell, nullptr);
    map_.TidyIfDue();
    if (done != Exchanged::kSwept) return done == Exchanged::kReplaced;
  }
  return map_.EraseInDirty(key);
}

Result<std::unique_ptr<ReadMostlyMap>> ReadMostlyMap::Create(HmapOptions options,
                                                             const EntryLimits& limits,
                                                             hmap::ReaderDomain::Fences fences) {
  std::unique_ptr<ReadMostlyMap> map(new ReadMostlyMap(options, limits, fences));
  PORTOLAN_TRY(Cells cells, Cells::Create(map->keys_options_));
  map->dirty_.emplace(std::move(cells));
  map->keys_options_.first_version = 1;
  PORTOLAN_CHECK(map->Promote());
  return map;
}

ReadMostlyMap::~ReadMostlyMap() {
  TakeReplaced();
  FreePassed(UINT32_MAX);
  swept_cells_.FreePassed(UINT32_MAX, [](Cell* cell) { delete cell; });
  delete read_.load(std::memory_order_relaxed);
  if (!dirty_) return;
  dirty_->ForEach([](std::string_view, std::uint64_t at) {
    const std::unique_ptr<Cell> cell(reinterpret_cast<Cell*>(at));
    ::operator delete(cell->value.load(std::memory_order_relaxed));
  });
}

std::unique_ptr<MapSession> ReadMostlyMap::Open() {
  return std::make_unique<Session>(*this);
}

std::uint64_t ReadMostlyMap::size() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(size_, 0));
}

std::uint64_t ReadMostlyMap::used_bytes() const {
  return value_bytes_.load(std::memory_order_relaxed) + keys_bytes_.load(std::memory_order_relaxed);
}

bool ReadMostlyMap::TryTakeRoom(std::size_t bytes) {
  if (TooManyWait()) return false;
  if (limit_bytes_ == 0 || bytes == 0) return true;
  const std::uint64_t taken = value_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (taken + keys_bytes_.load(std::memory_order_relaxed) <= limit_bytes_) return true;
  value_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

// Any thread, without the mutex and in no scope. Takes `bytes` of the limit for a value; 0 asks
// only whether one more may wait.
Status ReadMostlyMap::TakeRoom(std::size_t bytes) {
  if (TryTakeRoom(bytes)) return {};
  const std::lock_guard lock(mutex_);
  Reclaim();
  if (TryTakeRoom(bytes)) return {};
  if (TooManyWait())
    return Error{ErrorCode::kExhausted, "expected fewer than " + std::to_string(waiting_max_) +
                                            " replaced values to wait for lookups, found " +
                                            std::to_string(waiting_count_ + replaced_count_) +
                                            "; try again when lookups have ended"};
  return NoRoom("a value of " + std::to_string(bytes) + " bytes");
}

bool ReadMostlyMap::TooManyWait() const {
  const std::uint64_t waiting = std::uint64_t{waiting_count_} + replaced_count_;
  return waiting_max_ != UINT32_MAX && waiting > 0 && waiting >= waiting_max_;
}

Error ReadMostlyMap::NoRoom(const std::string& what) const {
  return {ErrorCode::kExhausted, "expected room for " + what + " in a map of " +
                                     std::to_string(limit_bytes_) + " bytes, found " +
                                     std::to_string(keys_bytes_) + " used by keys and " +
                                     std::to_string(value_bytes_) + " by values, of which " +
                                     std::to_string(waiting_count_ + replaced_count_) +
                                     " wait for lookups; erase entries, or raise the limit"};
}

Result<ReadMostlyMap::Value*> ReadMostlyMap::NewValue(std::string_view bytes) {
  PORTOLAN_CHECK(TakeRoom(sizeof(Value) + bytes.size()));
  void* memory = ::operator new(sizeof(Value) + bytes.size(), std::nothrow);
  if (memory == nullptr) {
    if (limit_bytes_ != 0) value_bytes_.fetch_sub(sizeof(Value) + bytes.size());
    return Error{ErrorCode::kExhausted, "a value: expected " + std::to_string(bytes.size()) +
                                            " bytes of memory, found none"};
  }
  auto* value = new (memory) Value{nullptr, 0, static_cast<std::uint32_t>(bytes.size())};
  if (!bytes.empty()) std::memcpy(value + 1, bytes.data(), bytes.size());
  return value;
}

// Of a value that no reader can see, or never could.
void ReadMostlyMap::FreeUnseen(Value* value) {
  if (limit_bytes_ != 0)
    value_bytes_.fetch_sub(sizeof(Value) + value->bytes, std::memory_order_relaxed);
  ::operator delete(value);
}

// Under the mutex.
void ReadMostlyMap::NoteKeysMemory() {
  if (limit_bytes_ != 0)
    keys_bytes_.store(dirty_->map().memory().used_bytes, std::memory_order_relaxed);
}

ReadMostlyMap::Cell* ReadMostlyMap::CellIn(const Snapshot& keys, std::string_view key) {
  return reinterpret_cast<Cell*>(Cells::Find(keys, key).value_or(0));
}

ReadMostlyMap::Cell* ReadMostlyMap::CellInDirty(std::string_view key) const {
  return reinterpret_cast<Cell*>(dirty_->Find(key).value_or(0));
}

// Sets the cell's value; null erases. kFresh: there was none. A swept cell is left as it is.
ReadMostlyMap::Exchanged ReadMostlyMap::Exchange(Cell& cell, Value* value) {
  Value* now = cell.value.load(std::memory_order_acquire);
  do {
    if (now == Swept()) return Exchanged::kSwept;
    if (now == nullptr && value == nullptr) return Exchanged::kFresh;
  } while (!cell.value.compare_exchange_weak(now, value, std::memory_order_acq_rel));
  if (now == nullptr) {
    size_.fetch_add(1, std::memory_order_relaxed);
    erased_.fetch_sub(1, std::memory_order_relaxed);
    return Exchanged::kFresh;
  }
  if (value == nullptr) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    erased_.fetch_add(1, std::memory_order_relaxed);
  }
  Retire(now);
  return Exchanged::kReplaced;
}

Found ReadMostlyMap::FindInDirty(std::string_view key, std::string& value) {
  const std::lock_guard lock(mutex_);
  const Cell* cell = CellInDirty(key);
  // Its value is exchanged without the mutex, but freed under it or past every reader.
  const Value* now = cell == nullptr ? nullptr : cell->value.load(std::memory_order_acquire);
  if (now != nullptr) value.assign(reinterpret_cast<const char*>(now + 1), now->bytes);
  // As Go has it: promote when asking dirty has cost as much as it could save. A failure is only
  // the chance missed.
  if (++missed_ >= std::max<std::uint64_t>(added_, 1) && added_ > 0) TryToPromote();
  return now == nullptr ? Found::kMiss : Found::kHit;
}

// Under the mutex. Whether a new key may be had: what it takes fits into what the Hmap has free, or
// another extent is within the limit.
bool ReadMostlyMap::KeyFits() const {
  if (limit_bytes_ == 0) return true;
  const hmap::ArenaStats keys = dirty_->map().memory();
  const std::uint64_t room = keys.used_bytes - keys.live_bytes() >= hmap::Arena::kExtentBytes
                                 ? 0
                                 : hmap::Arena::kExtentBytes;
  // A sweep copies the pages that are still the read view's as well; without memory for that the
  // map would stay full of what was erased.
  const hmap::Counters& head = dirty_->map().branch().head;
  const std::uint64_t twice = 2 * (head.pages + head.overflow_pages) * hmap::Arena::kPageBytes;
  // Of extents, for one that has records gives no page.
  const std::uint64_t in_sweep = keys.record_extent_bytes + keys.node_bytes +
                                 std::max(keys.page_bytes, twice) + hmap::Arena::kExtentBytes;
  return in_sweep <= keys_options_.memory.limit_bytes &&
         std::max(keys.used_bytes + room, in_sweep) + value_bytes_ + sizeof(Cell) <= limit_bytes_;
}

// Under the mutex. Whether to sweep for want of room. Where a reader stands still in an old view a
// sweep frees nothing and only takes more; and one that won nothing wins nothing again, so long as
// all is as it was.
bool ReadMostlyMap::SweepMayHelp(bool freed) const {
  const std::int64_t erased = erased_.load(std::memory_order_relaxed);
  if (erased <= 0 || erased * kSweepShareWhenFull < size_) return false;
  if (freed || erased >= sweep_from_) return true;
  const std::uint64_t live = dirty_->map().memory().live_bytes() + value_bytes_;
  return old_views_.first == nullptr && live + hmap::Arena::kExtentBytes <= in_vain_at_;
}

// Under the mutex, in no scope. What views kept is freed by the Hmap's Collect(). A sweep that ran
// out of memory itself has made some for the next.
void ReadMostlyMap::MakeRoomForKeys() {
  const std::uint64_t before = dirty_->map().memory().live_bytes();
  Reclaim();
  dirty_->map().Collect();
  bool freed = dirty_->map().memory().live_bytes() < before;
  while (SweepMayHelp(freed)) {
    const std::int64_t erased = erased_.load(std::memory_order_relaxed);
    Sweep();
    PromoteAndCollect();
    const std::int64_t taken_out = erased - erased_;
    const bool in_vain = old_views_.first == nullptr && taken_out * kSweepShareInVain < erased;
    in_vain_at_ = in_vain ? dirty_->map().memory().live_bytes() + value_bytes_ : UINT64_MAX;
    if (KeyFits() || taken_out * kSweepShareWhenFull < erased) break;
    freed = true;
  }
  CompactKeys();
}

// Under the mutex, in no scope. What is free may lie in blocks that are too short. A compaction
// that finds no memory stays under way: so it has an end here, of more calls than a whole one takes
// that gets on.
void ReadMostlyMap::CompactKeys() {
  Hmap& keys = dirty_->map();
  if (!keys.ContinueCompaction()) return;
  const hmap::Counters& head = keys.branch().head;
  constexpr std::uint64_t kCallsPerPage = 16;
  constexpr std::uint64_t kBytesPerCall = 4096;
  std::uint64_t calls = 64 + kCallsPerPage * (head.pages + head.overflow_pages) +
                        keys.memory().used_bytes / kBytesPerCall;
  while (calls-- > 0 && keys.ContinueCompaction()) {
  }
  keys.AbandonCompaction();
  PromoteAndCollect();  // the view has the records that were moved
}

// Under the mutex, in no scope. What only the view had that is replaced here can be freed once the
// readers' epoch has moved on from it.
void ReadMostlyMap::PromoteAndCollect() {
  TryToPromote();
  Reclaim();
  dirty_->map().Collect();
}

// In no scope. Takes `value`. Cells in dirty are never swept: that happens under the mutex, with
// the key's end.
Result<bool> ReadMostlyMap::PutInDirty(std::string_view key, Value* value) {
  const std::lock_guard lock(mutex_);
  if (Cell* cell = CellInDirty(key); cell != nullptr) {
    const bool fresh = Exchange(*cell, value) == Exchanged::kFresh;
    Tidy();
    return fresh;
  }
  const auto free = [this](Value* unseen) { FreeUnseen(unseen); };
  std::unique_ptr<Value, decltype(free)> unused(value, free);
  if (!KeyFits()) MakeRoomForKeys();
  std::unique_ptr<Cell> cell(KeyFits() ? new (std::nothrow) Cell : nullptr);
  if (cell == nullptr) return NoRoom("a new key");
  cell->value.store(value, std::memory_order_relaxed);
  Result<bool> put = dirty_->Put(key, reinterpret_cast<std::uint64_t>(cell.get()));
  if (!put.ok()) {
    MakeRoomForKeys();
    put = dirty_->Put(key, reinterpret_cast<std::uint64_t>(cell.get()));
  }
  NoteKeysMemory();
  if (!put.ok()) return put;
  (void)cell.release();  // dirty's now
  (void)unused.release();
  value_bytes_.fetch_add(sizeof(Cell), std::memory_order_relaxed);
  ++added_;
  size_.fetch_add(1, std::memory_order_relaxed);
  read_.load(std::memory_order_relaxed)->amended.store(true, std::memory_order_release);
  return true;
}

bool ReadMostlyMap::EraseInDirty(std::string_view key) {
  const std::lock_guard lock(mutex_);
  Cell* cell = CellInDirty(key);
  if (cell == nullptr || Exchange(*cell, nullptr) != Exchanged::kReplaced) return false;
  Tidy();
  return true;
}

bool ReadMostlyMap::ReclaimDue() const {
  return replaced_count_.load(std::memory_order_relaxed) >= kReclaimEach;
}

bool ReadMostlyMap::SweepDue() const {
  const std::int64_t erased = erased_.load(std::memory_order_relaxed);
  return erased >= std::max(kSweepAtLeast, sweep_from_.load(std::memory_order_relaxed)) &&
         erased * 2 >= size_.load(std::memory_order_relaxed);
}

// Under the mutex. Dirty as it is. A Hmap gives 2^32 snapshots; its keys go on in another, and the
// views of before keep the memory of the first.
Result<Snapshot> ReadMostlyMap::TakeKeys() {
  if (dirty_->map().lineage().out_of_versions()) {
    PORTOLAN_TRY(Hmap anew, CloneMap(dirty_->map(), keys_options_));
    dirty_.emplace(std::move(anew));
  }
  return dirty_->map().TakeSnapshot(promotions(), 0);
}

// Under the mutex. Takes keys without a value out of dirty. Threads go on meeting their cells in
// the read view, until the next; Swept() sends them to dirty.
void ReadMostlyMap::Sweep() {
  const auto keys = TakeKeys();
  if (!keys.ok()) return;
  // Values may have taken what the copies of pages and the notes of what dies here need. Past the
  // limit the sweep has what the Hmap had before it, which never becomes less.
  const std::uint64_t had = dirty_->map().memory().used_bytes;
  const auto grew_past_limit = [&] {
    NoteKeysMemory();
    return limit_bytes_ != 0 && keys_bytes_ > had && used_bytes() > limit_bytes_;
  };
  bool full = false;
  Cells::ForEach(*keys, [&](std::string_view key, std::uint64_t at) {
    auto* cell = reinterpret_cast<Cell*>(at);
    Value* none = nullptr;
    if (full || !cell->value.compare_exchange_strong(none, Swept(), std::memory_order_acq_rel))
      return;
    // Without memory to note the key's end, or to say so, the cell stays what it was: erased.
    try {
      full = grew_past_limit() || !dirty_->Erase(key).ok();
    } catch (const std::bad_alloc&) {
      full = true;
    }
    if (full) return cell->value.store(nullptr, std::memory_order_release);
    erased_.fetch_sub(1, std::memory_order_relaxed);
    swept_cells_.Push(cell);
  });
  sweep_from_ = 2 * erased_;
  sweeps_.fetch_add(1, std::memory_order_relaxed);
}

// Under the mutex. Fails when memory is out; the read view stays what it was then.
Status ReadMostlyMap::Promote() {
  if (SweepDue()) {
    Reclaim();
    Sweep();
  }
  PORTOLAN_TRY(Snapshot keys, TakeKeys());
  auto* view = new (std::nothrow) View;
  if (view == nullptr)
    return Error{ErrorCode::kExhausted, "a view of the keys: expected memory for it, found none"};
  view->keys = std::move(keys);
  View* past = read_.exchange(view, std::memory_order_acq_rel);
  const std::uint32_t epoch = readers_.epoch();
  if (past != nullptr) {
    past->epoch = epoch;
    old_views_.Push(past);
  }
  swept_cells_.FreePassed(UINT32_MAX, [&](Cell* cell) {
    cell->epoch = epoch;
    old_cells_.Push(cell);
  });
  missed_ = added_ = 0;
  promotions_.fetch_add(1, std::memory_order_relaxed);
  Reclaim();
  NoteKeysMemory();
  return {};
}

// Under the mutex, where something else was done: a failure is only the chance missed, and so is
// one to say why.
void ReadMostlyMap::TryToPromote() {
  try {
    if (Promote().ok()) return;
  } catch (const std::bad_alloc&) {
  }
  Reclaim();
}

// Any thread: `value` was just taken out of its cell.
void ReadMostlyMap::Retire(Value* value) {
  value->epoch = readers_.epoch();
  value->next = replaced_.load(std::memory_order_relaxed);
  while (!replaced_.compare_exchange_weak(value->next, value, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
  replaced_count_.fetch_add(1, std::memory_order_relaxed);
}

// Any thread, without the mutex. When another one holds it, that one or the next write will do.
void ReadMostlyMap::TidyIfDue() {
  if (!SweepDue() && !ReclaimDue()) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock.owns_lock()) Tidy();
}

// Under the mutex, after a write.
void ReadMostlyMap::Tidy() {
  if (SweepDue())
    TryToPromote();
  else if (ReclaimDue())
    Reclaim();
}

// Under the mutex. Frees what no reader can see any more.
void ReadMostlyMap::Reclaim() {
  TakeReplaced();
  FreePassed(readers_.Advance());
  waiting_count_.store(waiting_.count, std::memory_order_relaxed);
}

// From the stack that threads push to, the newest first.
void ReadMostlyMap::TakeReplaced() {
  replaced_count_.store(0, std::memory_order_relaxed);
  Value* value = replaced_.exchange(nullptr, std::memory_order_acquire);
  Value* oldest = nullptr;
  while (value != nullptr) oldest = std::exchange(value, std::exchange(value->next, oldest));
  while (oldest != nullptr) waiting_.Push(std::exchange(oldest, oldest->next));
}

void ReadMostlyMap::FreePassed(std::uint32_t passed) {
  waiting_.FreePassed(passed, [this](Value* value) { FreeUnseen(value); });
  old_views_.FreePassed(passed, [](View* view) { delete view; });
  old_cells_.FreePassed(passed, [this](Cell* cell) {
    value_bytes_.fetch_sub(sizeof(Cell), std::memory_order_relaxed);
    delete cell;
  });
}

hmap::Lineage::Waiting ReadMostlyMap::waiting() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t cells = swept_cells_.count + old_cells_.count;
  hmap::Lineage::Waiting waiting{.blocks = cells + old_views_.count,
                                 .bytes = cells * sizeof(Cell) + old_views_.count * sizeof(View)};
  const auto count = [&](const Value* value) {
    for (; value != nullptr; value = value->next) {
      ++waiting.blocks;
      waiting.bytes += sizeof(Value) + value->bytes;
    }
  };
  // Other threads may push before it: what hangs on the first is freed under the mutex only.
  count(replaced_.load(std::memory_order_acquire));
  count(waiting_.first);
  return waiting;
}

}  // namespace portolan::mapcore
