#include "mapcore/hash_pages.h"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

namespace portolan::mapcore {

HashPages::HashPages(const SortedRuns& records) {
  if (records.size() == 0) return;
  const std::size_t count = std::bit_ceil(records.size() / (kSlotsMax / 2) + 1);
  std::vector<std::shared_ptr<Page>> pages(count);
  for (const SortedRuns::RunPtr& run : records.runs()) {
    for (const RecordPtr& record : *run) {
      std::shared_ptr<Page>& page = pages[record->hash & (count - 1)];
      if (!page) {
        page = std::make_shared<Page>();
        page->reserve(kSlotsMax / 2);
      }
      page->push_back({record->hash, record.get()});
    }
  }
  pages_.assign(std::make_move_iterator(pages.begin()), std::make_move_iterator(pages.end()));
}

HashPages HashPages::Edited(std::span<const Edit> edits, const SortedRuns& records) const {
  const std::size_t count = pages_.size();
  const bool outgrown = records.size() > count * kSlotsMax;
  const bool sparse = count > 1 && records.size() < count * kSlotsMin;
  if (outgrown || sparse || records.size() == 0) return HashPages(records);

  std::unordered_map<std::size_t, std::shared_ptr<Page>> touched;
  for (const Edit& edit : edits) {
    const std::uint64_t hash = edit.record ? edit.record->hash : HashKey(edit.key);
    const std::size_t index = hash & (count - 1);
    std::shared_ptr<Page>& page = touched[index];
    if (!page)
      page = pages_[index] ? std::make_shared<Page>(*pages_[index]) : std::make_shared<Page>();
    std::erase_if(
        *page, [&](const Slot& slot) { return slot.hash == hash && slot.record->key == edit.key; });
    if (edit.record) page->push_back({hash, edit.record.get()});
  }
  HashPages result(*this);
  for (auto& [index, page] : touched) {
    if (page->empty()) page = nullptr;
    result.pages_[index] = std::move(page);
  }
  return result;
}

const Record* HashPages::Find(std::string_view key) const {
  if (pages_.empty()) return nullptr;
  const std::uint64_t hash = HashKey(key);
  const Page* page = pages_[hash & (pages_.size() - 1)].get();
  if (page == nullptr) return nullptr;
  for (const Slot& slot : *page)
    if (slot.hash == hash && slot.record->key == key) return slot.record;
  return nullptr;
}

}  // namespace portolan::mapcore
