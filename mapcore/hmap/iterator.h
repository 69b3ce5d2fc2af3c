#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "mapcore/hmap.h"

namespace portolan::mapcore {

// Where an iteration stands: good for going on later, also in another process or in a fork, as long
// as the map's seed is the same. `{.seed = map.debug().hash0}` is the beginning.
struct HmapCursor {
  // Hashes from here up to the highest, and on from 0 to below `origin`, are still to come.
  std::uint64_t position = 0;
  std::uint64_t origin = 0;  // where the iteration began
  std::uint64_t seed = 0;
  bool ended = false;  // nothing is to come
};

// Goes through a map while it may be written, with the Go runtime's guarantees: an entry that is
// there from beginning to end is returned exactly once; one erased before its turn never; one
// inserted meanwhile at most once; one overwritten before its turn with its newest value. Begins at
// a random page, so that nobody comes to depend on an order.
//
// Hashes are the order, and a page's entries are copied when it is reached: a split, a merge or a
// copied page cannot show an entry twice. As long as an iterator lives the map frees no memory and
// a relocation stands still: keep it short. Writes from another thread are fatal, as for any use;
// so is a map that ends, or is moved, before its iterators.
class HmapIterator {
 public:
  struct Item {
    std::string_view key;    // valid as long as the iterator
    std::string_view value;  // likewise
  };

  explicit HmapIterator(const Hmap& map);
  // Goes on from a cursor. Errors: kConflict when the map's seed is not the cursor's, or a
  // relocation is under way.
  static Result<HmapIterator> From(const Hmap& map, HmapCursor cursor);
  HmapIterator(HmapIterator&& other) noexcept;
  HmapIterator& operator=(HmapIterator&&) = delete;
  ~HmapIterator();

  std::optional<Item> Next();
  // Where to go on: behind what was returned, or, within a page, at its beginning, so that the
  // page's entries come once more. One of an iteration that began during a relocation is refused by
  // From().
  HmapCursor cursor() const;
  // Whether Next() would have to read another page.
  bool at_page_end() const { return next_ref_ == refs_.size(); }

 private:
  // Hashes of one table, from `at` up to and including `last`.
  struct Stretch {
    bool old_table;
    std::uint64_t at;
    std::uint64_t last;
  };
  HmapIterator(const Hmap& map, std::vector<Stretch> stretches, std::uint64_t origin);
  bool LoadPage();
  // The table of this map that an iteration of the old or the primary one goes through; null when
  // there is no old one any more.
  const hmap::Top* TableOf(bool old_table) const {
    const hmap::Top* top = map_->branch().head.top;
    return old_table ? top->old : top;
  }

  const Hmap* map_;
  std::vector<Stretch> stretches_;  // the next one last
  std::uint64_t origin_;
  bool two_tables_ = false;
  // What refs_ is of: its lowest hash, and its table.
  std::uint64_t loaded_from_ = 0;
  std::uint64_t loaded_seed_ = 0;
  bool loaded_old_ = false;
  std::vector<hmap::Arena::Ref> refs_;
  std::size_t next_ref_ = 0;
  std::uint64_t mutations_ = 0;  // the map's, when refs_ was read
};

}  // namespace portolan::mapcore
