#include "mapcore/hmap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>

#include "mapcore/hmap/tree.h"

namespace portolan::mapcore {
namespace {

constexpr std::uint32_t kDeathsPerWrite = 8;
constexpr std::int64_t kReserveMax = std::int64_t{1} << 24;
constexpr std::int64_t kEntriesPerReservedPage = 60;  // far enough from 104 that none splits

Error OutOfMemory() {
  return {ErrorCode::kExhausted,
          "the map's memory is full: expected room for one more entry, found its limit reached; "
          "raise the limit, or erase entries and release snapshots"};
}

}  // namespace

Hmap::Writing::Writing(const Hmap& map) : flags_(map.branch_->flags) {
  if ((flags_.fetch_or(HmapDebug::kWriting, std::memory_order_relaxed) & HmapDebug::kWriting) != 0)
    Fatal("map writes");
}

void Hmap::Fatal(const char* what) {
  std::fprintf(stderr, "fatal error: concurrent %s\n", what);
  std::abort();
}

Hmap::Hmap(std::shared_ptr<hmap::Lineage> lineage, hmap::Branch* branch,
           std::optional<std::uint64_t> seed)
    : lineage_(std::move(lineage)), branch_(branch), seed_(seed) {}

Hmap::Hmap(Hmap&& other) noexcept
    : lineage_(std::move(other.lineage_)),
      branch_(std::exchange(other.branch_, nullptr)),
      seed_(other.seed_) {}

Hmap& Hmap::operator=(Hmap&& other) noexcept {
  if (this == &other) return *this;
  Leave();
  lineage_ = std::move(other.lineage_);
  branch_ = std::exchange(other.branch_, nullptr);
  seed_ = other.seed_;
  return *this;
}

Hmap::~Hmap() {
  Leave();
}

void Hmap::Leave() {
  if (branch_ == nullptr) return;
  // The last of its lineage need not free block by block.
  if (lineage_.use_count() > 1) lineage_->DropHead(*branch_);
  branch_ = nullptr;
}

Result<Hmap> Hmap::Create(HmapOptions options) {
  PORTOLAN_TRY(std::unique_ptr<hmap::Arena> arena, hmap::Arena::Create(options.memory));
  auto lineage = std::make_shared<hmap::Lineage>(std::move(arena), options.readers);
  hmap::Branch* branch = lineage->NewBranch(nullptr);
  if (branch == nullptr) return OutOfMemory();
  Hmap map(std::move(lineage), branch, options.seed);
  const std::uint64_t seed = options.seed ? *options.seed : hmap::DrawSeed();
  branch->head.top =
      hmap::Tree(*map.lineage_, *branch).NewTable(hmap::PrepareSeed(seed), options.hash, 0);
  if (branch->head.top == nullptr) return OutOfMemory();
  branch->head.pages = 1;
  return map;
}

void Hmap::FindMany(std::span<const std::string_view> keys,
                    std::span<std::optional<std::string_view>> values) const {
  CheckNotWriting("map read and map write");
  hmap::FindRecords(hmap::Load(branch_->head.top), lineage_->base(), keys,
                    [&](std::size_t i, const hmap::Record* record) {
                      if (record == nullptr)
                        values[i].reset();
                      else
                        values[i] = record->value();
                    });
}

std::optional<std::string_view> Hmap::FindForWrite(std::string_view key) const {
  const hmap::Record* record = hmap::FindRecord(branch_->head.top, key, lineage_->base());
  if (record == nullptr) return std::nullopt;
  return record->value();
}

Result<bool> Hmap::Put(std::string_view key, std::string_view value) {
  const Writing writing(*this);
  return Write(key, value, Mode::kPut);
}

Result<bool> Hmap::Insert(std::string_view key, std::string_view value) {
  const Writing writing(*this);
  return Write(key, value, Mode::kInsert);
}

Result<bool> Hmap::Write(std::string_view key, std::string_view value, Mode mode) {
  if (key.size() + value.size() > kEntryBytesMax)
    return Error{ErrorCode::kInvalid, "expected an entry of at most 1 GiB, found " +
                                          std::to_string(key.size() + value.size()) + " bytes"};
  hmap::Tree tree(*lineage_, *branch_);
  hmap::Contents& head = branch_->head;
  const std::uint64_t hash = head.top->HashOf(key);
  const hmap::Slot slot = tree.Find(*head.top, hash, key);
  if (slot.page != nullptr && mode == Mode::kInsert) return false;
  if (!lineage_->PrepareRoomIfShared(*branch_, kDeathsPerWrite)) return OutOfMemory();

  hmap::Arena& arena = lineage_->arena();
  const std::size_t bytes = hmap::Record::BytesFor(key.size(), value.size());
  void* memory = arena.AllocateRecord(bytes);
  if (memory == nullptr) return OutOfMemory();
  hmap::Record::Make(memory, lineage_->version(), key, value);
  const hmap::Arena::Ref ref = arena.RefOf(memory);
  std::uint64_t digest = hmap::EntryDigest(hash, value);
  bool done = false;
  if (slot.page != nullptr) {
    digest -= hmap::EntryDigest(hash, lineage_->RecordAt(slot.ref())->value());
    done = tree.Replace(tree.primary(), hash, slot, ref);
  } else {
    done = tree.Insert(tree.primary(), hash, ref);
  }
  if (!done) {
    arena.FreeRecord(memory, bytes);
    return OutOfMemory();
  }
  head.digest += digest;
  if (slot.page != nullptr) return false;
  ++head.size;
  return true;
}

Result<bool> Hmap::Erase(std::string_view key) {
  const Writing writing(*this);
  hmap::Tree tree(*lineage_, *branch_);
  hmap::Contents& head = branch_->head;
  const std::uint64_t hash = head.top->HashOf(key);
  const hmap::Slot slot = tree.Find(*head.top, hash, key);
  if (slot.page == nullptr) return false;
  if (!lineage_->PrepareRoomIfShared(*branch_, kDeathsPerWrite)) return OutOfMemory();
  const std::uint64_t digest = hmap::EntryDigest(hash, lineage_->RecordAt(slot.ref())->value());
  if (!tree.Remove(tree.primary(), hash, slot, hmap::Tree::Fate::kRetire)) return OutOfMemory();
  head.digest -= digest;
  --head.size;
  return true;
}

Status Hmap::Clear() {
  const Writing writing(*this);
  return BeginAnew(seed_ ? branch_->head.top->seed : hmap::PrepareSeed(hmap::DrawSeed()), 0);
}

// Empty, with 2^depth pages.
Status Hmap::BeginAnew(std::uint64_t prepared_seed, std::uint32_t depth) {
  hmap::Branch* past = lineage_->NewBranch(nullptr);
  if (past == nullptr) return OutOfMemory();
  hmap::Top* table =
      hmap::Tree(*lineage_, *past).NewTable(prepared_seed, branch_->head.top->hash, depth);
  if (table == nullptr) {
    lineage_->DropHead(*past);
    return OutOfMemory();
  }
  lineage_->Restart(*branch_, *past, {.top = table, .pages = std::uint64_t{1} << depth});
  return {};
}

Status Hmap::Reserve(std::int64_t entries) {
  const Writing writing(*this);
  entries = std::clamp(entries, std::int64_t{0}, kReserveMax);
  constexpr std::uint64_t kTypicalEntryBytes = 128;
  const auto pages =
      static_cast<std::uint64_t>((entries + kEntriesPerReservedPage - 1) / kEntriesPerReservedPage);
  if (size() == 0 && pages > branch_->head.pages) {
    const auto depth = static_cast<std::uint32_t>(std::bit_width(pages - 1));
    PORTOLAN_CHECK(BeginAnew(branch_->head.top->seed, depth));
  }
  const std::int64_t missing = entries - static_cast<std::int64_t>(size());
  if (missing > 0)
    lineage_->arena().Populate(static_cast<std::uint64_t>(missing) * kTypicalEntryBytes);
  return {};
}

Result<Snapshot> Hmap::TakeSnapshot(std::uint64_t version, std::int64_t timestamp_ms) {
  const Writing writing(*this);
  hmap::SnapshotState* state = lineage_->Take(*branch_);
  if (state == nullptr) return OutOfMemory();
  state->user_version = version;
  state->timestamp_ms = timestamp_ms;
  return Snapshot(lineage_, state);
}

Result<Hmap> Hmap::Fork(const Snapshot& snapshot) {
  const Writing writing(*this);
  if (snapshot.lineage_ != lineage_)
    return Error{ErrorCode::kInvalid, "fork: expected a snapshot of this map or of a fork of it"};
  hmap::Branch* branch = lineage_->NewBranch(snapshot.state_);
  if (branch == nullptr) return OutOfMemory();
  return Hmap(lineage_, branch, seed_);
}

void Hmap::Promote(Hmap&& fork) {
  const Writing writing(*this);
  lineage_->Swap(*branch_, *fork.branch_);
  const Hmap past = std::move(fork);
}

void Hmap::Collect() {
  const Writing writing(*this);
  lineage_->Drain();
}

HmapDebug Hmap::debug() const {
  const hmap::Contents& head = branch_->head;
  HmapDebug debug;
  debug.count = head.size;
  debug.flags = branch_->flags.load(std::memory_order_relaxed);
  debug.buckets = head.pages * hmap::Page::kBuckets;
  debug.B = static_cast<std::uint32_t>(std::bit_width(debug.buckets - 1));
  debug.noverflow = head.overflow_pages * hmap::Page::kBuckets;
  debug.hash0 =
      seed_ ? *seed_ : hmap::Fold(head.top->seed ^ hmap::kHashWords[2], hmap::kHashWords[3]);
  return debug;
}

}  // namespace portolan::mapcore
