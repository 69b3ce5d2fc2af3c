#include "mapcore/shared/read_mostly_map.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace portolan::mapcore {
namespace {

constexpr std::uint32_t kReclaimEach = 512;  // replaced values; a pass costs one membarrier
constexpr std::int64_t kSweepAtLeast = 64;   // erased cells
constexpr std::uint64_t kValuesShare = 8;    // of the limit, one part that keys never get

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
  // Extents of the Hmap are not given back: had keys once taken all, no value would fit any more,
  // whatever is erased.
  options.memory.limit_bytes -= options.memory.limit_bytes / kValuesShare;
  PORTOLAN_TRY(Cells cells, Cells::Create(std::move(options)));
  map->dirty_.emplace(std::move(cells));
  PORTOLAN_CHECK(map->Promote());
  return map;
}

ReadMostlyMap::~ReadMostlyMap() {
  const auto free_all = [](Value* value) {
    while (value != nullptr) ::operator delete(std::exchange(value, value->next));
  };
  free_all(replaced_.load(std::memory_order_relaxed));
  free_all(waiting_);
  delete read_.load(std::memory_order_relaxed);
  old_views_.clear();
  if (!dirty_) return;
  const auto last = dirty_->map().TakeSnapshot(0, 0);
  if (!last.ok()) return;  // its memory is out: what the cells hold is lost with the process
  Cells::ForEach(*last, [](std::string_view, std::uint64_t at) {
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
  return waiting_max_ != UINT32_MAX &&
         std::uint64_t{waiting_count_} + replaced_count_ >= waiting_max_;
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
  if (++missed_ >= std::max<std::uint64_t>(added_, 1) && added_ > 0) (void)Promote();
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
  return keys.used_bytes + value_bytes_ + room <= limit_bytes_;
}

// In no scope. Takes `value`. Cells in dirty are never swept: that happens under the mutex, with
// the key's end.
Result<bool> ReadMostlyMap::PutInDirty(std::string_view key, Value* value) {
  const std::lock_guard lock(mutex_);
  if (Cell* cell = CellInDirty(key); cell != nullptr)
    return Exchange(*cell, value) == Exchanged::kFresh;
  if (!KeyFits()) Reclaim();
  if (!KeyFits()) {
    FreeUnseen(value);
    return NoRoom("a new key");
  }
  auto cell = std::make_unique<Cell>();
  cell->value.store(value, std::memory_order_relaxed);
  const Result<bool> put = dirty_->Put(key, reinterpret_cast<std::uint64_t>(cell.get()));
  NoteKeysMemory();
  if (!put.ok()) {
    FreeUnseen(value);
    return put.error();
  }
  (void)cell.release();  // dirty's now
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
  if (SweepDue()) (void)Promote();  // a failure is only the chance missed
  return true;
}

bool ReadMostlyMap::SweepDue() const {
  const std::int64_t erased = erased_.load(std::memory_order_relaxed);
  return erased >= kSweepAtLeast && erased * 2 >= size_.load(std::memory_order_relaxed);
}

// Under the mutex. Takes keys without a value out of dirty. Threads go on meeting their cells in
// the read view, until the next; Swept() sends them to dirty.
void ReadMostlyMap::Sweep() {
  const auto keys = dirty_->map().TakeSnapshot(promotions(), 0);
  if (!keys.ok()) return;
  Cells::ForEach(*keys, [&](std::string_view key, std::uint64_t at) {
    auto* cell = reinterpret_cast<Cell*>(at);
    Value* none = nullptr;
    if (!cell->value.compare_exchange_strong(none, Swept(), std::memory_order_acq_rel)) return;
    // Without memory to note the key's end, the cell stays what it was: erased.
    if (!dirty_->Erase(key).ok()) return cell->value.store(nullptr, std::memory_order_release);
    erased_.fetch_sub(1, std::memory_order_relaxed);
    swept_cells_.emplace_back(cell);
  });
  sweeps_.fetch_add(1, std::memory_order_relaxed);
}

// Under the mutex. Fails when memory is out; the read view stays what it was then.
Status ReadMostlyMap::Promote() {
  if (SweepDue()) Sweep();
  PORTOLAN_TRY(Snapshot keys, dirty_->map().TakeSnapshot(promotions(), 0));
  auto view = std::make_unique<View>();
  view->keys = std::move(keys);
  View* past = read_.exchange(view.release(), std::memory_order_acq_rel);
  const std::uint32_t epoch = readers_.epoch();
  if (past != nullptr) old_views_.push_back({std::unique_ptr<View>(past), epoch});
  for (auto& cell : swept_cells_) old_cells_.push_back({std::move(cell), epoch});
  swept_cells_.clear();
  missed_ = added_ = 0;
  promotions_.fetch_add(1, std::memory_order_relaxed);
  Reclaim();
  NoteKeysMemory();
  return {};
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
  const bool sweep = SweepDue();
  if (!sweep && replaced_count_.load(std::memory_order_relaxed) < kReclaimEach) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  if (sweep && SweepDue())
    (void)Promote();  // a failure is only the chance missed
  else
    Reclaim();
}

// Under the mutex. Frees what no reader can see any more.
void ReadMostlyMap::Reclaim() {
  replaced_count_.store(0, std::memory_order_relaxed);
  Value* value = replaced_.exchange(nullptr, std::memory_order_acquire);
  const std::uint32_t passed = readers_.Advance();
  Value* kept = nullptr;
  std::uint32_t kept_count = 0;
  const auto sort = [&](Value* list) {
    while (list != nullptr) {
      Value* next = list->next;
      if (list->epoch <= passed) {
        FreeUnseen(list);
      } else {
        list->next = kept;
        kept = list;
        ++kept_count;
      }
      list = next;
    }
  };
  sort(value);
  sort(std::exchange(waiting_, nullptr));
  waiting_ = kept;
  waiting_count_.store(kept_count, std::memory_order_relaxed);
  std::erase_if(old_views_, [&](const auto& view) { return view.epoch <= passed; });
  const std::size_t cells =
      std::erase_if(old_cells_, [&](const auto& cell) { return cell.epoch <= passed; });
  value_bytes_.fetch_sub(cells * sizeof(Cell), std::memory_order_relaxed);
}

hmap::Lineage::Waiting ReadMostlyMap::waiting() const {
  const std::lock_guard lock(mutex_);
  const std::size_t cells = swept_cells_.size() + old_cells_.size();
  hmap::Lineage::Waiting waiting{.blocks = cells + old_views_.size(),
                                 .bytes = cells * sizeof(Cell) + old_views_.size() * sizeof(View)};
  const auto count = [&](const Value* value) {
    for (; value != nullptr; value = value->next) {
      ++waiting.blocks;
      waiting.bytes += sizeof(Value) + value->bytes;
    }
  };
  // Other threads may push before it: what hangs on the first is freed under the mutex only.
  count(replaced_.load(std::memory_order_acquire));
  count(waiting_);
  return waiting;
}

}  // namespace portolan::mapcore
