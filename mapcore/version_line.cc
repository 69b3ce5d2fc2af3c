#include "mapcore/version_line.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "mapcore/hmap/relocation.h"

namespace portolan::mapcore {
namespace {

// Address space for a map's own later versions; costs nothing until it is used.
constexpr std::uint64_t kReserveFactor = 16;
constexpr std::uint64_t kReserveMin = std::uint64_t{2} << 20;
constexpr std::uint64_t kTableBytesPerEntry = 24;
// A map whose free blocks are this many times what is in use is better built anew.
constexpr std::uint64_t kWasteFactor = 3;
constexpr std::uint64_t kWasteMin = std::uint64_t{8} << 20;
// Of compaction, beside one for each change. A step moves up to 32 records, and each of those makes
// the new version's order copy a run of 512 pointers.
constexpr std::size_t kCompactionStepsMin = 4;

Error Outgrown() {
  return {ErrorCode::kExhausted, "the versions of a map have outgrown the memory set aside"};
}

bool Wasteful(const hmap::ArenaStats& memory) {
  return memory.used_bytes > kWasteMin && memory.used_bytes > kWasteFactor * memory.live_bytes();
}

Status ApplyTo(Hmap& map, std::span<const KeyChange> changes, std::vector<Edit>& ordered) {
  return map.ForEachInFlights(
      changes, [](const KeyChange& change) { return std::string_view(change.key); },
      [&](const KeyChange& change) -> Status {
        if (change.value) {
          PORTOLAN_CHECK(map.Put(change.key, *change.value));
          ordered.push_back({change.key, map.FindRecord(change.key)});
        } else {
          PORTOLAN_CHECK(map.Erase(change.key));
          ordered.push_back({change.key, nullptr});
        }
        return {};
      });
}

// Moves some records of a line together, where sizes have drifted, and makes each an edit of its
// own: the order of the new version is to name the records that its snapshot holds. `ordered`
// ascends by key, and keeps to it; what it names may have moved as well.
void Compact(Hmap& map, std::vector<Edit>& ordered) {
  std::vector<const hmap::Record*> moved;
  const std::size_t steps = kCompactionStepsMin + ordered.size();
  for (std::size_t i = 0; i < steps && map.ContinueCompaction(&moved); ++i) {
  }
  if (moved.empty()) return;
  std::sort(moved.begin(), moved.end(),
            [](const hmap::Record* a, const hmap::Record* b) { return a->key() < b->key(); });
  std::vector<Edit> both;
  both.reserve(ordered.size() + moved.size());
  auto edit = ordered.begin();
  for (const hmap::Record* record : moved) {
    while (edit != ordered.end() && edit->key < record->key()) both.push_back(*edit++);
    if (edit != ordered.end() && edit->key == record->key()) ++edit;
    both.push_back({record->key(), record});
  }
  both.insert(both.end(), edit, ordered.end());
  ordered = std::move(both);
}

// Errors: kExhausted; the map has some of the changes then.
Result<Snapshot> VersionAfter(Hmap& map, std::span<const KeyChange> changes,
                              std::vector<Edit>& ordered) {
  PORTOLAN_CHECK(ApplyTo(map, changes, ordered));
  Compact(map, ordered);
  return map.TakeSnapshot(0, 0);
}

}  // namespace

// The head of one line; `mutex` guards it and every other line in the same memory.
class VersionLine {
 public:
  VersionLine(std::shared_ptr<std::mutex> mutex, Hmap head, std::uint32_t at)
      : mutex_(std::move(mutex)), head_(std::move(head)), at_(at) {}
  ~VersionLine() {
    const std::lock_guard lock(*mutex_);
    head_.reset();
  }

  const std::shared_ptr<std::mutex>& mutex() const { return mutex_; }
  Hmap& head() { return *head_; }
  // The lineage's number of the version that the head equals; 0 when it equals none.
  std::uint32_t at() const { return at_; }
  void set_at(std::uint32_t at) { at_ = at; }

  // Takes back what a change that failed has left in the head. Where there is not even memory for
  // a fork the head equals no version any more.
  void Restore(const Snapshot& version) {
    Result<Hmap> fork = head_->Fork(version);
    if (!fork.ok()) return set_at(0);
    head_->Promote(std::move(fork).value());
    set_at(version.lineage_version());
  }

  // Frees what released versions kept, unless somebody else is at it, who then does it.
  void Collect() {
    while (head_->lineage().HasReleased()) {
      const std::unique_lock lock(*mutex_, std::try_to_lock);
      if (!lock.owns_lock()) return;
      head_->Collect();
    }
  }

 private:
  const std::shared_ptr<std::mutex> mutex_;
  std::optional<Hmap> head_;
  std::uint32_t at_;
};

LineVersion::LineVersion(std::shared_ptr<VersionLine> line, Snapshot snapshot)
    : line_(std::move(line)), snapshot_(std::move(snapshot)) {}

LineVersion::~LineVersion() {
  if (line_ == nullptr) return;
  snapshot_ = {};
  line_->Collect();
}

std::optional<HmapDebug> LineVersion::debug() const {
  if (!snapshot_) return std::nullopt;
  return hmap::DebugOf(snapshot_.contents());
}

Result<LineVersion> LineVersion::Begin(std::span<const KeyValue> pairs, SortedRuns::Run& records) {
  LineVersion version;
  if (pairs.empty()) return version;
  if (SmallEntries::Fit(pairs)) {
    version.small_ = SmallEntries::Make(pairs, records);
    return version;
  }
  std::uint64_t bytes = 0;
  for (const KeyValue& pair : pairs)
    bytes += hmap::Record::BytesFor(pair.key.size(), pair.value.size()) + kTableBytesPerEntry;
  HmapOptions options;
  options.compact_on_writes = false;  // SortedRuns name the records: see Compact()
  options.memory.reserve_bytes = std::max(kReserveMin, kReserveFactor * bytes);
  PORTOLAN_TRY(Hmap map, Hmap::Create(options));
  const Status filled = map.ForEachInFlights(
      pairs, [](const KeyValue& pair) { return std::string_view(pair.key); },
      [&](const KeyValue& pair) -> Status {
        PORTOLAN_CHECK(map.Put(pair.key, pair.value));
        records.push_back(map.FindRecord(pair.key));
        return {};
      });
  if (!filled.ok()) return filled.error();
  PORTOLAN_TRY(Snapshot snapshot, map.TakeSnapshot(0, 0));
  const std::uint32_t at = snapshot.lineage_version();
  return LineVersion(
      std::make_shared<VersionLine>(std::make_shared<std::mutex>(), std::move(map), at),
      std::move(snapshot));
}

std::size_t LineVersion::bytes() const {
  if (line_ == nullptr) return small_ == nullptr ? 0 : small_->bytes();
  std::size_t bytes = 0;
  {
    const std::lock_guard lock(*line_->mutex());
    bytes = line_->head().memory().used_bytes;
  }
  line_->Collect();  // what others let go of meanwhile
  return bytes;
}

Result<LineVersion> LineVersion::Apply(std::span<const KeyChange> changes,
                                       std::vector<Edit>& ordered) const {
  if (line_ == nullptr) return Outgrown();
  Result<LineVersion> next = ApplyLocked(changes, ordered);
  line_->Collect();  // what others let go of meanwhile
  return next;
}

Result<LineVersion> LineVersion::ApplyLocked(std::span<const KeyChange> changes,
                                             std::vector<Edit>& ordered) const {
  const std::lock_guard lock(*line_->mutex());
  Hmap& head = line_->head();
  head.Collect();
  if (Wasteful(head.memory())) return Outgrown();

  if (line_->at() != snapshot_.lineage_version()) {
    PORTOLAN_TRY(Hmap fork, head.Fork(snapshot_));
    PORTOLAN_TRY(Snapshot snapshot, VersionAfter(fork, changes, ordered));
    const std::uint32_t at = snapshot.lineage_version();
    return LineVersion(std::make_shared<VersionLine>(line_->mutex(), std::move(fork), at),
                       std::move(snapshot));
  }
  line_->set_at(0);  // what throws leaves some of the changes in the head
  Result<Snapshot> next = VersionAfter(head, changes, ordered);
  if (!next.ok()) {
    line_->Restore(snapshot_);
    return std::move(next).error();
  }
  line_->set_at(next->lineage_version());
  return LineVersion(line_, std::move(next).value());
}

std::optional<hmap::DiffResult> DiffOfOneLine(const LineVersion& before, const LineVersion& after) {
  if (before.line_ == nullptr || after.line_ == nullptr ||
      &before.snapshot_.lineage() != &after.snapshot_.lineage())
    return std::nullopt;
  return hmap::Diff(before.snapshot_, after.snapshot_);
}

}  // namespace portolan::mapcore
