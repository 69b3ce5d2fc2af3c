#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "mapcore/hmap.h"

namespace portolan::mapcore {

// Where an iteration stands: good for going on later, also in another snapshot or process, as long
// as the map's seed is the same.
struct HmapCursor {
  std::uint64_t position = 0;  // the lowest hash whose page was not returned to its end
  std::uint64_t seed = 0;
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
  // From the cursor to the last hash; `{0, map.debug().hash0}` is the first. Errors:
  // kConflict when the map's seed is not the cursor's, or a relocation is under way.
  static Result<HmapIterator> From(const Hmap& map, HmapCursor cursor);
  HmapIterator(HmapIterator&& other) noexcept;
  HmapIterator& operator=(HmapIterator&&) = delete;
  ~HmapIterator();

  std::optional<Item> Next();
  // Where to go on once at_page_end().
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
  HmapIterator(const Hmap& map, std::vector<Stretch> stretches);
  bool LoadPage();

  const Hmap* map_;
  std::vector<Stretch> stretches_;  // the next one last
  std::vector<hmap::Arena::Ref> refs_;
  std::size_t next_ref_ = 0;
  std::uint64_t mutations_ = 0;  // the map's, when refs_ was read
};

}  // namespace portolan::mapcore
