#include "mapcore/map_clone.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mapcore/hmap/copy.h"

namespace portolan::mapcore {
namespace {

Error OutOfMemory(std::uint64_t entries) {
  return {ErrorCode::kExhausted,
          "a copy of a map: expected room for " + std::to_string(entries) +
              " entries, found the limit of its memory reached; raise the limit"};
}

// Whether the copy is to hash as the original does.
bool SameTable(const hmap::Top& top, const HmapOptions& options) {
  if (top.old != nullptr) return false;  // two tables, which the copy would have to go on moving
  if (options.hash != nullptr && options.hash != top.hash) return false;
  return !options.seed || hmap::PrepareSeed(*options.seed) == top.seed;
}

// At least what all versions of the original ever took, and twice: a map that is written on must
// not be full at once. Address space costs nothing.
void MakeRoom(const hmap::Lineage& original, HmapOptions& options) {
  options.memory.reserve_bytes =
      std::max(options.memory.reserve_bytes, 2 * original.arena().high_water_bytes());
}

}  // namespace

Result<Hmap> CloneContents(const hmap::Lineage& lineage, const hmap::Contents& contents,
                           HmapOptions options) {
  MakeRoom(lineage, options);
  const bool same_table = SameTable(*contents.top, options);
  PORTOLAN_TRY(Hmap clone, Hmap::Create(std::move(options)));
  if (same_table) {
    if (!clone.BecomeCopyOf(lineage, contents)) return OutOfMemory(contents.size);
    return clone;
  }
  PORTOLAN_CHECK(clone.Reserve(static_cast<std::int64_t>(contents.size)));
  Status put;
  hmap::ForEachRecord(lineage, contents, [&](const hmap::Record& record) {
    if (!put.ok()) return;
    Result<bool> done = clone.Put(record.key(), record.value());
    if (!done.ok()) put = std::move(done).error();
  });
  PORTOLAN_CHECK(put);
  return clone;
}

Result<Hmap> CloneMap(const Snapshot& snapshot, HmapOptions options) {
  return CloneContents(snapshot.lineage(), snapshot.contents(), std::move(options));
}

Result<Hmap> CloneMap(Hmap& map, HmapOptions options) {
  map.Collect();
  if (SameTable(*map.branch().head.top, options)) {
    MakeRoom(map.lineage(), options);
    PORTOLAN_TRY(Hmap clone, Hmap::Create(options));
    if (clone.BecomeCopyOf(map)) return clone;
  }
  return CloneContents(map.lineage(), map.branch().head, std::move(options));
}

}  // namespace portolan::mapcore
