#include "mapcore/hmap/iterator.h"

#include <utility>

namespace portolan::mapcore {
namespace {

constexpr std::uint64_t kLastHash = ~std::uint64_t{0};

}  // namespace

HmapIterator::HmapIterator(const Hmap& map, std::vector<Stretch> stretches)
    : map_(&map), stretches_(std::move(stretches)) {
  map_->lineage().BeginIteration();
  ++map_->branch().iterators;
}

HmapIterator::HmapIterator(const Hmap& map) : HmapIterator(map, std::vector<Stretch>()) {
  const hmap::Top& top = *map.branch().head.top;
  if (top.old != nullptr) {
    stretches_ = {{false, 0, kLastHash}, {true, 0, kLastHash}};
    return;
  }
  // Begins at another place each time, as Go's iterators do, so that nobody comes to rely on an
  // order; derived from the seed, so that a map with a seed of its own is repeatable.
  const std::uint64_t turn = map.branch().iterations.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t start = hmap::Fold(top.seed ^ turn, hmap::kHashWords[2]);
  if (start > 0) stretches_.push_back({false, 0, start - 1});
  stretches_.push_back({false, start, kLastHash});
}

Result<HmapIterator> HmapIterator::From(const Hmap& map, HmapCursor cursor) {
  if (map.branch().head.top->old != nullptr)
    return Error{ErrorCode::kConflict, "the map is being relocated; iterate again later"};
  if (cursor.seed != map.debug().hash0)
    return Error{ErrorCode::kConflict, "the cursor is of another seed; begin the iteration anew"};
  return HmapIterator(map, std::vector<Stretch>{{false, cursor.position, kLastHash}});
}

HmapIterator::HmapIterator(HmapIterator&& other) noexcept
    : map_(std::exchange(other.map_, nullptr)),
      stretches_(std::move(other.stretches_)),
      refs_(std::move(other.refs_)),
      next_ref_(other.next_ref_),
      mutations_(other.mutations_) {}

HmapIterator::~HmapIterator() {
  if (map_ == nullptr) return;
  --map_->branch().iterators;
  map_->lineage().EndIteration();
}

HmapCursor HmapIterator::cursor() const {
  return {stretches_.empty() ? kLastHash : stretches_.back().at, map_->debug().hash0};
}

// The next page's references; false when there is none.
bool HmapIterator::LoadPage() {
  if (stretches_.empty()) return false;
  Stretch& stretch = stretches_.back();
  const hmap::Top* top = map_->branch().head.top;
  if (stretch.old_table && top->old != nullptr) top = top->old;
  const hmap::Lineage& lineage = map_->lineage();
  const hmap::PageSpan span = hmap::SpanAt(*top, stretch.at);
  // Of a page that reaches beyond the stretch (one that joined its neighbour meanwhile, or the
  // first and last) only what is inside.
  const bool whole = span.begin == stretch.at && span.last <= stretch.last;
  refs_.clear();
  next_ref_ = 0;
  for (hmap::Page* page = span.page; page != nullptr;
       page = page->overflow() == 0
                  ? nullptr
                  : static_cast<hmap::Page*>(lineage.arena().At(page->overflow())))
    hmap::ForEachSlot(*page, [&](hmap::Slot slot) {
      const hmap::Arena::Ref ref = slot.ref();
      if (!whole) {
        const std::uint64_t hash = top->HashOf(lineage.RecordAt(ref)->key());
        if (hash < stretch.at || hash > stretch.last) return;
      }
      refs_.push_back(ref);
    });
  mutations_ = map_->branch().mutations;
  if (span.last >= stretch.last)
    stretches_.pop_back();
  else
    stretch.at = span.last + 1;
  return true;
}

std::optional<HmapIterator::Item> HmapIterator::Next() {
  map_->CheckNotWriting("map iteration and map write");
  for (;;) {
    while (next_ref_ < refs_.size()) {
      const hmap::Record* record = map_->lineage().RecordAt(refs_[next_ref_++]);
      // Written since the page was loaded: what was erased is not given, what was overwritten is
      // given as it is now. Blocks keep their bytes meanwhile, so the old record's key can be read.
      if (map_->branch().mutations != mutations_) {
        record = map_->FindRecord(record->key());
        if (record == nullptr) continue;
      }
      return Item{record->key(), record->value()};
    }
    if (!LoadPage()) return std::nullopt;
  }
}

}  // namespace portolan::mapcore
