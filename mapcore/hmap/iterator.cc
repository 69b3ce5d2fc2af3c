#include "mapcore/hmap/iterator.h"

#include <utility>

namespace portolan::mapcore {
namespace {

constexpr std::uint64_t kLastHash = ~std::uint64_t{0};

}  // namespace

HmapIterator::HmapIterator(const Hmap& map, std::vector<Stretch> stretches, std::uint64_t origin)
    : map_(&map), stretches_(std::move(stretches)), origin_(origin) {
  map_->lineage().BeginIteration();
  ++map_->branch().iterators;
}

HmapIterator::HmapIterator(const Hmap& map) : HmapIterator(map, std::vector<Stretch>(), 0) {
  const hmap::Top& top = *map.branch().head.top;
  if (top.old != nullptr) {
    stretches_ = {{false, 0, kLastHash}, {true, 0, kLastHash}};
    two_tables_ = true;
    return;
  }
  // Begins at another place each time, as Go's iterators do, so that nobody comes to rely on an
  // order; derived from the seed, so that a map with a seed of its own is repeatable.
  const std::uint64_t turn = map.branch().iterations.fetch_add(1, std::memory_order_relaxed);
  origin_ = hmap::Fold(top.seed ^ turn, hmap::kHashWords[2]);
  if (origin_ > 0) stretches_.push_back({false, 0, origin_ - 1});
  stretches_.push_back({false, origin_, kLastHash});
}

Result<HmapIterator> HmapIterator::From(const Hmap& map, HmapCursor cursor) {
  if (map.branch().head.top->old != nullptr)
    return Error{ErrorCode::kConflict, "the map is being relocated; iterate again later"};
  if (cursor.seed != map.debug().hash0)
    return Error{ErrorCode::kConflict, "the cursor is of another seed; begin the iteration anew"};
  std::vector<Stretch> stretches;
  if (cursor.ended) return HmapIterator(map, std::move(stretches), cursor.origin);
  const bool around = cursor.position < cursor.origin;
  if (!around && cursor.origin > 0) stretches.push_back({false, 0, cursor.origin - 1});
  stretches.push_back({false, cursor.position, around ? cursor.origin - 1 : kLastHash});
  return HmapIterator(map, std::move(stretches), cursor.origin);
}

HmapIterator::HmapIterator(HmapIterator&& other) noexcept
    : map_(std::exchange(other.map_, nullptr)),
      stretches_(std::move(other.stretches_)),
      origin_(other.origin_),
      two_tables_(other.two_tables_),
      loaded_from_(other.loaded_from_),
      loaded_seed_(other.loaded_seed_),
      loaded_old_(other.loaded_old_),
      refs_(std::move(other.refs_)),
      next_ref_(other.next_ref_),
      mutations_(other.mutations_) {}

HmapIterator::~HmapIterator() {
  if (map_ == nullptr) return;
  --map_->branch().iterators;
  map_->lineage().EndIteration();
}

HmapCursor HmapIterator::cursor() const {
  const std::uint64_t seed = map_->debug().hash0;
  HmapCursor cursor{.origin = origin_, .seed = two_tables_ ? ~seed : seed};
  if (!at_page_end())
    cursor.position = loaded_from_;
  else if (stretches_.empty())
    cursor.ended = true;
  else
    cursor.position = stretches_.back().at;
  return cursor;
}

// The next page's references; false when there is none.
bool HmapIterator::LoadPage() {
  if (stretches_.empty()) return false;
  Stretch& stretch = stretches_.back();
  const hmap::Top* top = TableOf(stretch.old_table);
  if (top == nullptr) {  // the map was cleared
    stretches_.pop_back();
    return LoadPage();
  }
  const hmap::Lineage& lineage = map_->lineage();
  const hmap::PageSpan span = hmap::SpanAt(*top, stretch.at);
  // Of a page that reaches beyond the stretch (one that joined its neighbour meanwhile, or the
  // first and last) only what is inside.
  const bool whole = span.begin == stretch.at && span.last <= stretch.last;
  refs_.clear();
  next_ref_ = 0;
  // For the page and all of its overflow pages: what throws, throws before anything is loaded.
  std::size_t pages = 1;
  for (const hmap::Page* page = span.page; page->overflow() != 0; ++pages)
    page = static_cast<const hmap::Page*>(lineage.arena().At(page->overflow()));
  refs_.reserve(pages * hmap::Page::kSlots);
  loaded_from_ = stretch.at;
  loaded_seed_ = top->seed;
  loaded_old_ = stretch.old_table;
  for (hmap::Page* page = span.page; page != nullptr;
       page = page->overflow() == 0
                  ? nullptr
                  : static_cast<hmap::Page*>(lineage.arena().At(page->overflow()))) {
    const std::size_t before = refs_.size();
    refs_.resize(before + hmap::Page::kSlots);
    refs_.resize(before + hmap::GatherRefs(*page, refs_.data() + before));
  }
  if (!whole)
    std::erase_if(refs_, [&](hmap::Arena::Ref ref) {
      const std::uint64_t hash = top->HashOf(lineage.RecordAt(ref)->key());
      return hash < stretch.at || hash > stretch.last;
    });
  mutations_ = map_->branch().mutations;
  if (span.last >= stretch.last)
    stretches_.pop_back();
  else
    stretch.at = span.last + 1;
  return true;
}

std::optional<HmapIterator::Item> HmapIterator::Next() {
  map_->CheckNotWriting("concurrent map iteration and map write");
  for (;;) {
    while (next_ref_ < refs_.size()) {
      const hmap::Record* record = map_->lineage().RecordAt(refs_[next_ref_++]);
      // Written since the page was loaded: what was erased is not given, what was overwritten is
      // given as it is now. Blocks keep their bytes meanwhile, so the old record's key can be read.
      // What is in another table by now comes with that one.
      if (map_->branch().mutations != mutations_) {
        const hmap::Top* table = TableOf(loaded_old_);
        if (table == nullptr || table->seed != loaded_seed_) continue;
        const std::string_view key = record->key();
        record = hmap::FindIn(*table, table->HashOf(key), key, map_->lineage().base());
        if (record == nullptr) continue;
      }
      return Item{record->key(), record->value()};
    }
    if (!LoadPage()) return std::nullopt;
  }
}

}  // namespace portolan::mapcore
