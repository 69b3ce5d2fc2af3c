#include "mapcore/hmap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdio>
#include <cstdlib>

#include "mapcore/hmap/compaction.h"
#include "mapcore/hmap/copy.h"
#include "mapcore/hmap/digest.h"
#include "mapcore/hmap/relocation.h"
#include "mapcore/hmap/tree.h"

namespace portolan::mapcore {
namespace {

constexpr std::uint32_t kDeathsPerWrite = 8;
constexpr std::uint32_t kWritesPerLook = 256;
constexpr std::int64_t kReserveMax = std::int64_t{1} << 24;
constexpr std::int64_t kEntriesPerReservedPage = 60;  // far enough from 104 that none splits

}  // namespace

Error Hmap::OutOfMemory(const hmap::Lineage& lineage) {
  const std::uint64_t replaced = lineage.waiting_count();
  const std::string that_waits = (replaced == 0 ? "what the map was before it was cleared or left"
                                                : std::to_string(replaced) + " replaced blocks") +
                                 " wait for a reader or an iteration that has not ended";
  if (lineage.TooMuchWaits())
    return {ErrorCode::kExhausted, that_waits + ", the most that may; end it"};
  return {ErrorCode::kExhausted,
          "the map's memory is full: expected room for one more entry, found its limit reached; "
          "raise the limit, or erase entries and release snapshots" +
              (lineage.AnyWaits() ? "; " + that_waits : "")};
}

void Hmap::Fatal(const char* what) {
  std::fprintf(stderr, "fatal error: %s\n", what);
  std::abort();
}

Hmap::Hmap(hmap::Lineage* lineage, hmap::Branch* branch, std::optional<std::uint64_t> seed,
           bool compacts)
    : lineage_(lineage), branch_(branch), seed_(seed), compacts_(compacts) {
  lineage_->Enter();
}

Hmap::Hmap(Hmap&& other) noexcept
    : lineage_(other.lineage_),
      branch_(std::exchange(other.branch_, nullptr)),
      seed_(other.seed_),
      compacts_(other.compacts_) {
  CheckNotIterated("concurrent map iteration and move of the map");
}

Hmap& Hmap::operator=(Hmap&& other) noexcept {
  if (this == &other) return *this;
  Leave();
  lineage_ = other.lineage_;
  branch_ = std::exchange(other.branch_, nullptr);
  seed_ = other.seed_;
  compacts_ = other.compacts_;
  CheckNotIterated("concurrent map iteration and move of the map");
  return *this;
}

Hmap::~Hmap() {
  Leave();
}

void Hmap::Leave() {
  CheckNotIterated("concurrent map iteration and end of the map");
  if (branch_ != nullptr) lineage_->Leave(*std::exchange(branch_, nullptr));
}

Result<Hmap> Hmap::Create(HmapOptions options) {
  PORTOLAN_TRY(std::unique_ptr<hmap::Arena> arena, hmap::Arena::Create(options.memory));
  auto lineage = std::make_unique<hmap::Lineage>(std::move(arena), options.readers,
                                                 options.waiting_blocks_max, options.first_version);
  hmap::Branch* branch = lineage->NewBranch(nullptr);
  if (branch == nullptr) return OutOfMemory(*lineage);
  Hmap map(lineage.release(), branch, options.seed, options.compact_on_writes);
  const std::uint64_t seed = options.seed ? *options.seed : hmap::DrawSeed();
  branch->head.top =
      hmap::Tree(*map.lineage_, *branch).NewTable(hmap::PrepareSeed(seed), options.hash, 0);
  if (branch->head.top == nullptr) return OutOfMemory(*map.lineage_);
  branch->head.pages = 1;
  return map;
}

void Hmap::FindMany(std::span<const std::string_view> keys,
                    std::span<std::optional<std::string_view>> values) const {
  CheckNotWriting("concurrent map read and map write");
  hmap::FindRecords(hmap::Load(branch_->head.top), lineage_->base(), keys,
                    [&](std::size_t i, const hmap::Record* record) {
                      if (record == nullptr)
                        values[i].reset();
                      else
                        values[i] = record->value();
                    });
}

void Hmap::Prefetch(std::span<const std::string_view> keys) const {
  CheckNotWriting("concurrent map read and map write");
  assert(keys.size() <= kPrefetch);
  const hmap::Top& top = *branch_->head.top;
  if (top.old != nullptr) return;
  hmap::Flight flight;
  hmap::Prefetch(top, lineage_->base(), keys, flight);
  if (branch_->floor() == 0) return;
  for (std::size_t i = 0; i < keys.size(); ++i) __builtin_prefetch(flight.pages[i]);
}

Result<bool> Hmap::Put(std::string_view key, std::string_view value) {
  const Writing writing(*this);
  return Write(key, value, Mode::kPut);
}

Result<bool> Hmap::Insert(std::string_view key, std::string_view value) {
  const Writing writing(*this);
  return Write(key, value, Mode::kInsert);
}

// A key's place in the table that has it, or that gets it.
struct Hmap::Target {
  hmap::Top** table;
  std::uint64_t hash;
  hmap::Slot slot;  // its page is null when the key is new
};

[[gnu::always_inline]] inline Hmap::Target Hmap::Aim(hmap::Tree& tree, std::uint64_t hash,
                                                     std::string_view key) const {
  const hmap::Top& top = **tree.primary();
  const Target target{tree.primary(), hash, tree.Find(top, hash, key)};
  if (top.old == nullptr) [[likely]]
    return target;
  return AimInTwo(tree, target, key);
}

Hmap::Target Hmap::AimInTwo(hmap::Tree& tree, const Target& target, std::string_view key) const {
  const hmap::Top& top = **tree.primary();
  if (target.slot.page != nullptr) return target;
  hmap::Relocation relocation(*lineage_, *branch_);
  const std::uint64_t old_hash = top.old->HashOf(key);
  const hmap::Slot slot = tree.Find(*top.old, old_hash, key);
  if (slot.page != nullptr || relocation.InsertTable() == tree.old())
    return {tree.old(), old_hash, slot};
  return target;
}

void Hmap::MaintainNow() {
  hmap::Counters& head = branch_->head;
  if (branch_->head.top->old == nullptr && head.size < head.reseed_from) return;
  hmap::Relocation relocation(*lineage_, *branch_);
  if (relocation.active()) return void(relocation.Step());  // the next write goes on
  if (lineage_->iterating()) return;
  if (relocation.Begin(NextSeed())) head.reseed_from = 2 * head.size;
}

std::uint64_t Hmap::NextSeed() const {
  const std::uint64_t seed = seed_ ? branch_->head.top->seed + 1 : hmap::DrawSeed();
  return hmap::PrepareSeed(seed);
}

// What gives nothing, or false, while memory is out: again as long as readers that are gone have
// left something to free.
template <typename Attempt>
[[gnu::always_inline]] inline auto Hmap::Retry(const Attempt& attempt) {
  for (;;) {
    const auto done = attempt();
    if (done || !lineage_->ReclaimForWrite()) [[likely]]
      return done;
  }
}

Result<bool> Hmap::Write(std::string_view key, std::string_view value, Mode mode) {
  if (key.size() + value.size() > kEntryBytesMax) [[unlikely]]
    return Error{ErrorCode::kInvalid, "expected an entry of at most 1 GiB, found " +
                                          std::to_string(key.size() + value.size()) + " bytes"};
  const std::optional<bool> fresh = Retry([&] { return TryWrite(key, value, mode); });
  if (!fresh) [[unlikely]]
    return OutOfMemory(*lineage_);
  return *fresh;
}

std::optional<bool> Hmap::TryWrite(std::string_view key, std::string_view value, Mode mode) {
  hmap::Tree tree(*lineage_, *branch_);
  const std::uint64_t hash = (*tree.primary())->HashOf(key);
  if (mode == Mode::kInsert) {
    const Target target = Aim(tree, hash, key);
    if (target.slot.page != nullptr) return false;
    return Place(tree, target, NewRecord(key, value));
  }
  tree.Prefetch(hash);
  // While the bucket is on its way: a put needs its record whether the key is there or not.
  hmap::Record* record = NewRecord(key, value);
  return Place(tree, Aim(tree, hash, key), record);
}

[[gnu::always_inline]] inline hmap::Record* Hmap::NewRecord(std::string_view key,
                                                            std::string_view value) const {
  const std::size_t bytes = hmap::Record::BytesFor(key.size(), value.size());
  void* memory = lineage_->arena().AllocateRecord(bytes);
  if (memory == nullptr) [[unlikely]]
    return nullptr;
  return hmap::Record::Make(memory, lineage_->version(), key, value);
}

[[gnu::always_inline]] inline std::optional<bool> Hmap::Place(hmap::Tree& tree,
                                                              const Target& target,
                                                              hmap::Record* record) {
  if (record == nullptr) [[unlikely]]
    return std::nullopt;
  hmap::Arena& arena = lineage_->arena();
  const hmap::Arena::Ref ref = arena.RefOf(record);
  const bool fresh = target.slot.page == nullptr;
  if (!lineage_->PrepareRoomIfShared(*branch_, kDeathsPerWrite) ||
      !(fresh ? tree.Insert(target.table, target.hash, ref)
              : tree.Replace(target.table, target.hash, target.slot, ref))) [[unlikely]] {
    arena.FreeRecord(record, record->bytes());
    return std::nullopt;
  }
  branch_->head.size += fresh;
  Maintain();
  return fresh;
}

Result<bool> Hmap::Erase(std::string_view key) {
  const Writing writing(*this);
  const std::optional<bool> erased = Retry([&] { return TryErase(key); });
  if (!erased) [[unlikely]]
    return OutOfMemory(*lineage_);
  return *erased;
}

std::optional<bool> Hmap::TryErase(std::string_view key) {
  hmap::Tree tree(*lineage_, *branch_);
  const Target target = Aim(tree, (*tree.primary())->HashOf(key), key);
  if (target.slot.page == nullptr) return false;
  if (!lineage_->PrepareRoomIfShared(*branch_, kDeathsPerWrite) ||
      !tree.Remove(target.table, target.hash, target.slot, hmap::Tree::Fate::kRetire)) [[unlikely]]
    return std::nullopt;
  --branch_->head.size;
  Maintain(After::kErase);
  return true;
}

Status Hmap::StartReseed() {
  const Writing writing(*this);
  hmap::Relocation relocation(*lineage_, *branch_);
  if (relocation.active() || lineage_->iterating())
    return Error{ErrorCode::kConflict, "a relocation or an iteration of the map is under way"};
  if (!Retry([&] { return relocation.Begin(NextSeed()); })) return OutOfMemory(*lineage_);
  return {};
}

Status Hmap::AbandonReseed() {
  const Writing writing(*this);
  if (lineage_->iterating())
    return Error{ErrorCode::kConflict, "an iteration of the map is under way"};
  hmap::Relocation relocation(*lineage_, *branch_);
  if (!Retry([&] { return relocation.Abandon(); })) return OutOfMemory(*lineage_);
  return {};
}

bool Hmap::ContinueReseed() {
  const Writing writing(*this);
  hmap::Relocation relocation(*lineage_, *branch_);
  (void)Retry([&] { return relocation.Step(); });
  return relocation.active();
}

void Hmap::CompactNow(After after) {
  hmap::Compaction compaction(*lineage_, *branch_);
  const int waste = after == After::kErase ? hmap::Compaction::kWastePercentOfErases
                                           : hmap::Compaction::kWastePercent;
  if (!compaction.active() && compaction.Worthwhile(waste)) compaction.Begin();
  compaction.Step(nullptr);
  lineage_->compaction().writes_to_look = compaction.active() ? 1 : kWritesPerLook;
}

Status Hmap::StartCompaction() {
  const Writing writing(*this);
  hmap::Compaction compaction(*lineage_, *branch_);
  if (compaction.active() || lineage_->iterating() || branch_->head.top->old != nullptr)
    return Error{ErrorCode::kConflict,
                 "a compaction, a relocation or an iteration of the map is under way"};
  compaction.Begin();
  lineage_->compaction().writes_to_look = 1;
  return {};
}

bool Hmap::ContinueCompaction(std::vector<const hmap::Record*>* moved) {
  const Writing writing(*this);
  hmap::Compaction compaction(*lineage_, *branch_);
  if (!compaction.active() && compaction.Worthwhile(hmap::Compaction::kWastePercent))
    compaction.Begin();
  compaction.Step(moved);
  return compaction.active();
}

void Hmap::AbandonCompaction() {
  const Writing writing(*this);
  lineage_->StopCompaction();
}

HmapCompaction Hmap::compaction() const {
  const hmap::CompactionState& state = lineage_->compaction();
  return {.active = state.phase != hmap::CompactionState::Phase::kIdle,
          .marked_bytes = lineage_->arena().marked() * hmap::Arena::kExtentBytes,
          .moved_records = state.moved,
          .cycles = state.cycles};
}

Status Hmap::Clear() {
  const Writing writing(*this);
  const std::uint64_t seed = seed_ ? branch_->head.top->seed : hmap::PrepareSeed(hmap::DrawSeed());
  if (!Retry([&] { return BeginAnew(seed, 0); })) return OutOfMemory(*lineage_);
  return {};
}

// Empty, with 2^depth pages. False, and nothing changed, when memory is out.
bool Hmap::BeginAnew(std::uint64_t prepared_seed, std::uint32_t depth) {
  if (lineage_->TooMuchWaits()) return false;
  hmap::Branch* past = lineage_->NewBranch(nullptr);
  if (past == nullptr) return false;
  hmap::Top* table =
      hmap::Tree(*lineage_, *past).NewTable(prepared_seed, branch_->head.top->hash, depth);
  if (table == nullptr) {
    lineage_->DropUnused(*past);
    return false;
  }
  hmap::Contents contents;
  contents.top = table;
  contents.pages = std::uint64_t{1} << depth;
  lineage_->Restart(*branch_, *past, contents);
  return true;
}

bool Hmap::BecomeCopyOf(const hmap::Lineage& lineage, const hmap::Contents& contents) {
  hmap::Branch* past = lineage_->NewBranch(nullptr);
  if (past == nullptr) return false;
  const hmap::Contents copy = hmap::CopyContents(lineage, contents, *lineage_);
  if (copy.top == nullptr) return false;
  lineage_->Restart(*branch_, *past, copy);
  return true;
}

bool Hmap::BecomeCopyOf(const Hmap& map) {
  return hmap::CopyWhole(*map.lineage_, *map.branch_, *lineage_, *branch_);
}

Status Hmap::Reserve(std::int64_t entries) {
  const Writing writing(*this);
  entries = std::clamp(entries, std::int64_t{0}, kReserveMax);
  constexpr std::uint64_t kTypicalEntryBytes = 128;
  const auto pages =
      static_cast<std::uint64_t>((entries + kEntriesPerReservedPage - 1) / kEntriesPerReservedPage);
  if (size() == 0 && pages > branch_->head.pages) {
    const auto depth = static_cast<std::uint32_t>(std::bit_width(pages - 1));
    const std::uint64_t seed = branch_->head.top->seed;
    if (!Retry([&] { return BeginAnew(seed, depth); })) return OutOfMemory(*lineage_);
  }
  const std::int64_t missing = entries - static_cast<std::int64_t>(size());
  if (missing > 0)
    lineage_->arena().Populate(static_cast<std::uint64_t>(missing) * kTypicalEntryBytes);
  return {};
}

Result<Snapshot> Hmap::TakeSnapshot(std::uint64_t version, std::int64_t timestamp_ms) {
  const Writing writing(*this);
  hmap::SnapshotState* state = lineage_->Take(*branch_);
  if (state == nullptr && lineage_->out_of_versions())
    return Error{ErrorCode::kExhausted,
                 "a map gives 2^32 snapshots, and this one has; make it anew with CloneMap()"};
  if (state == nullptr) return OutOfMemory(*lineage_);
  state->user_version = version;
  state->timestamp_ms = timestamp_ms;
  return Snapshot(lineage_, state);
}

Result<Hmap> Hmap::Fork(const Snapshot& snapshot) {
  const Writing writing(*this);
  if (snapshot.lineage_ != lineage_)
    return Error{ErrorCode::kInvalid, "fork: expected a snapshot of this map or of a fork of it"};
  hmap::Branch* branch = lineage_->NewBranch(snapshot.state_);
  if (branch == nullptr) return OutOfMemory(*lineage_);
  return Hmap(lineage_, branch, seed_, compacts_);
}

void Hmap::Promote(Hmap&& fork) {
  if (fork.lineage_ != lineage_) Fatal("promotion of a map that is no fork of this one");
  const hmap::Top& now = *branch_->head.top;
  const hmap::Top& next = *fork.branch_->head.top;
  if (branch_->iterators != 0 &&
      (now.seed != next.seed || now.old != nullptr || next.old != nullptr))
    Fatal("concurrent map iteration and promotion of a map under another seed");
  const Writing writing(*this);
  lineage_->Swap(*branch_, *fork.branch_);
  // Readers that are in what this was know nothing of the two tables.
  if (next.old != nullptr) hmap::Relocation(*lineage_, *branch_).WaitForReaders();
  const Hmap past = std::move(fork);
}

std::uint64_t Hmap::digest() const {
  CheckNotWriting("concurrent map read and map write");
  return hmap::KeptDigest(*lineage_, branch_->head);
}

void Hmap::Collect() {
  const Writing writing(*this);
  lineage_->Drain();
}

HmapDebug Hmap::debug() const {
  const hmap::Contents& head = branch_->head;
  HmapDebug debug = hmap::DebugOf(head);
  debug.flags |= branch_->flags.load(std::memory_order_relaxed);
  if (compaction().active) debug.flags |= HmapDebug::kCompacting;
  const std::uint64_t seed = head.top->seed;
  if (seed_) debug.hash0 = seed == hmap::PrepareSeed(*seed_) ? *seed_ : seed;
  return debug;
}

}  // namespace portolan::mapcore
