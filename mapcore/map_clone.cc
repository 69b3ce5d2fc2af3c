#include "mapcore/map_clone.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mapcore/hmap/copy.h"

namespace portolan::mapcore {
namespace {

Error OutOfMemory(const Snapshot& snapshot) {
  return {ErrorCode::kExhausted,
          "a copy of a map: expected room for " + std::to_string(snapshot.size()) +
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

Result<Hmap> CloneMap(const Snapshot& snapshot, HmapOptions options) {
  MakeRoom(snapshot.lineage(), options);
  const bool same_table = SameTable(*snapshot.contents().top, options);
  PORTOLAN_TRY(Hmap clone, Hmap::Create(std::move(options)));
  if (same_table) {
    if (!clone.BecomeCopyOf(snapshot)) return OutOfMemory(snapshot);
    return clone;
  }
  PORTOLAN_CHECK(clone.Reserve(static_cast<std::int64_t>(snapshot.size())));
  Status put;
  snapshot.ForEach([&](const hmap::Record& record) {
    if (!put.ok()) return;
    Result<bool> done = clone.Put(record.key(), record.value());
    if (!done.ok()) put = std::move(done).error();
  });
  PORTOLAN_CHECK(put);
  return clone;
}

Result<Hmap> CloneMap(Hmap& map, HmapOptions options) {
  map.Collect();
  if (SameTable(*map.branch().head.top, options)) {
    MakeRoom(map.lineage(), options);
    PORTOLAN_TRY(Hmap clone, Hmap::Create(options));
    if (clone.BecomeCopyOf(map)) return clone;
  }
  PORTOLAN_TRY(const Snapshot now, map.TakeSnapshot(0, 0));
  return CloneMap(now, std::move(options));
}

}  // namespace portolan::mapcore
