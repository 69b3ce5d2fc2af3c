#include "mapcore/small_entries.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace portolan::mapcore {
namespace {

constexpr std::uint32_t kBirth = 1;  // of no lineage; a record's first word is not zero

std::size_t RecordBytes(std::span<const KeyValue> pairs) {
  std::size_t bytes = 0;
  for (const KeyValue& pair : pairs)
    bytes += hmap::Record::BytesFor(pair.key.size(), pair.value.size());
  return bytes;
}

}  // namespace

bool SmallEntries::Fit(std::span<const KeyValue> pairs) {
  return pairs.size() <= kEntriesMax && RecordBytes(pairs) <= kBytesMax;
}

std::shared_ptr<const SmallEntries> SmallEntries::Make(std::span<const KeyValue> pairs,
                                                       SortedRuns::Run& records) {
  const std::shared_ptr<SmallEntries> entries(new SmallEntries);
  const std::size_t record_bytes = RecordBytes(pairs);
  entries->count_ = pairs.size();
  entries->block_bytes_ = record_bytes + pairs.size() * sizeof(std::uint32_t);
  entries->block_ = std::make_unique<char[]>(entries->block_bytes_);
  char* at = entries->block_.get();
  std::vector<const hmap::Record*> by_key;
  for (const KeyValue& pair : pairs) {
    by_key.push_back(hmap::Record::Make(at, kBirth, pair.key, pair.value));
    records.push_back(by_key.back());
    at += by_key.back()->bytes();
  }
  std::sort(by_key.begin(), by_key.end(),
            [](const hmap::Record* a, const hmap::Record* b) { return a->key() < b->key(); });
  for (const hmap::Record* record : by_key) {
    const auto offset =
        static_cast<std::uint32_t>(reinterpret_cast<const char*>(record) - entries->block_.get());
    std::memcpy(at, &offset, sizeof offset);
    at += sizeof offset;
  }
  return entries;
}

const hmap::Record& SmallEntries::At(std::size_t place) const {
  std::uint32_t offset = 0;
  std::memcpy(&offset, block_.get() + block_bytes_ - (count_ - place) * sizeof offset,
              sizeof offset);
  return *reinterpret_cast<const hmap::Record*>(block_.get() + offset);
}

std::optional<std::string_view> SmallEntries::Find(std::string_view key) const {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const int order = At(middle).key().compare(key);
    if (order == 0) return At(middle).value();
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

}  // namespace portolan::mapcore
