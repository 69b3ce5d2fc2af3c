#include "mapcore/map_clone.h"

#include <algorithm>
#include <utility>

namespace portolan::mapcore {
namespace {

constexpr std::uint64_t kPagesPerEntry = 32;  // bytes: 1 KiB for 60 entries, and their directory

}  // namespace

Result<Hmap> CloneMap(const Snapshot& snapshot, HmapOptions options) {
  std::uint64_t bytes = snapshot.size() * kPagesPerEntry;
  snapshot.ForEach(
      [&](const hmap::Record& record) { bytes += hmap::Arena::BlockBytes(record.bytes()); });
  // Twice: a map that is written on must not be full at once. Address space costs nothing.
  options.memory.reserve_bytes = std::max(options.memory.reserve_bytes, 2 * bytes);
  PORTOLAN_TRY(Hmap clone, Hmap::Create(std::move(options)));
  PORTOLAN_CHECK(clone.Reserve(static_cast<std::int64_t>(snapshot.size())));
  clone.lineage().arena().Populate(bytes);
  Status put;
  snapshot.ForEach([&](const hmap::Record& record) {
    if (!put.ok()) return;
    Result<bool> done = clone.Put(record.key(), record.value());
    if (!done.ok()) put = std::move(done).error();
  });
  PORTOLAN_CHECK(put);
  return clone;
}

}  // namespace portolan::mapcore
