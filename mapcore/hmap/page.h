#pragma once

#include <bit>
#include <cstdint>

#include "mapcore/hmap/atomic.h"
#include "mapcore/hmap/record.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::mapcore::hmap {

// Where a hash belongs within its page, and what its slot says of it.
struct HashParts {
  static constexpr std::uint32_t kMinTop = 5;  // as in the Go runtime: below are marks, not hashes

  explicit HashParts(std::uint64_t hash)
      : home(static_cast<std::uint32_t>(hash & 15)),
        top(static_cast<std::uint8_t>(hash >> 4)),
        ext(static_cast<std::uint16_t>((hash >> 44 & 0xfff) << 4 | home)) {
    if (top < kMinTop) top = static_cast<std::uint8_t>(top + kMinTop);
  }
  // From a slot.
  HashParts(std::uint8_t slot_top, std::uint16_t slot_ext)
      : home(slot_ext & 15u), top(slot_top), ext(slot_ext) {}

  std::uint32_t home;
  std::uint8_t top;
  std::uint16_t ext;
};

// Eight slots in one cache line, the Go runtime's bucket with references in place of keys and
// values: a probe compares eight tophashes at once and one `ext` per hit, twenty bits together, so
// that a miss reads no record and a hit reads exactly one.
struct alignas(64) Bucket {
  std::uint64_t tops;    // a byte per slot; 0 is an empty slot
  std::uint16_t ext[8];  // twelve more bits of the hash, then the home bucket
  // Records, by Arena::Ref. 0 in an empty slot; a reader may see it in one that is just filled or
  // emptied.
  std::uint32_t refs[8];
  // kPassMask: how many entries have their home here or before and live behind, around the page. It
  // is exact, so that churn leaves no tombstones. kChained: the page has an overflow page.
  std::uint16_t link;
  std::uint16_t meta;  // of buckets 0 to 3: the page's
  std::uint32_t word;  // of buckets 0, 1, 3 and 4: the page's birth, origin and digest

  static constexpr std::uint16_t kPassMask = 0x7fff;
  static constexpr std::uint16_t kChained = 0x8000;
};

// Slots of a bucket, as the highest bit of a byte each: of slot i the bit 8 * i + 7.
using SlotBytes = std::uint64_t;
inline constexpr std::uint64_t kEachByte = 0x0101010101010101;

inline std::uint32_t FirstSlot(SlotBytes slots) {
  return static_cast<std::uint32_t>(std::countr_zero(slots)) / 8;
}

// The slots whose tophash is `top`, and sometimes, above one of them, a slot whose tophash differs
// in its lowest bit: for callers that compare more than the tophash, or want the first slot only.
// All eight at once, in a general register (Mycroft 1987). SSE2's compare was measured to be no
// faster here, so there is nothing that a processor could lack.
inline SlotBytes CandidateSlots(std::uint64_t tops, std::uint8_t top) {
  const std::uint64_t differ = tops ^ (kEachByte * top);
  return (differ - kEachByte) & ~differ & (kEachByte << 7);
}

// The slots with an entry, exactly.
inline SlotBytes UsedSlots(std::uint64_t tops) {
  constexpr std::uint64_t kLow7 = kEachByte * 0x7f;
  return (((tops & kLow7) + kLow7) | tops) & ~kLow7;
}
// The same as a bit for each slot.
inline std::uint32_t UsedMask(std::uint64_t tops) {
  return static_cast<std::uint32_t>((UsedSlots(tops) >> 7) * 0x0102040810204080 >> 56);
}

// Sixteen buckets and what belongs to them: 128 slots, of which 104 are used (load 13/2 a bucket,
// as in the Go runtime) before the page splits. An entry that finds its home bucket full goes to
// the next with room, around the page and never out of it; only a page whose entries a split did
// not part fills further, and only one that must not split any more (a flood of equal hashes) is
// continued, at 128, in an overflow page.
struct alignas(1024) Page {
  static constexpr std::uint32_t kBuckets = 16;
  static constexpr std::uint32_t kSlots = 8 * kBuckets;
  static constexpr std::uint32_t kFull = kBuckets * 13 / 2;

  Bucket buckets[kBuckets];

  std::uint32_t birth() const { return buckets[0].word; }
  void set_birth(std::uint32_t birth) { buckets[0].word = birth; }
  std::uint32_t count() const { return buckets[0].meta & 0xffu; }
  void set_count(std::uint32_t count) {
    buckets[0].meta = static_cast<std::uint16_t>((buckets[0].meta & 0xff00u) | count);
  }

  // The page that this one was copied from by Arena::Ref, or 0, and what was written since: a bit
  // for two buckets, bit i for 2i and 2i + 1. That is what a comparison of the two has to read; it
  // lies in the first two lines, of which a write behind a snapshot touches the first anyway. The
  // origin may be gone and its place taken: see IsCopy().
  std::uint32_t origin() const { return buckets[1].word; }
  void set_origin(std::uint32_t ref) { buckets[1].word = ref; }
  std::uint32_t written() const { return buckets[0].meta >> 8; }
  void MarkWritten(std::uint32_t bucket) {
    buckets[0].meta = static_cast<std::uint16_t>(buckets[0].meta | 0x100u << (bucket / 2));
  }
  void ForgetWritten() { buckets[0].meta &= 0xff; }
  // The overflow page by Arena::Ref, or 0. Readers look only after they saw kChained.
  std::uint32_t overflow() const {
    return std::uint32_t{LoadRelaxed(buckets[1].meta)} << 16 | LoadRelaxed(buckets[2].meta);
  }
  void set_overflow(std::uint32_t ref);
  bool chained() const { return (LoadRelaxed(buckets[0].link) & Bucket::kChained) != 0; }

  // The sum of EntryDigest over the page's entries and its overflow pages', where it is known: the
  // map's writer stores it when it was asked for (digest.h), and forgets it with the next write.
  // Other threads may look: a snapshot's page changes in nothing else.
  bool digest_known() const { return Load(buckets[3].meta) != 0; }
  std::uint64_t digest() const {
    return std::uint64_t{LoadRelaxed(buckets[3].word)} << 32 | LoadRelaxed(buckets[4].word);
  }
  void KeepDigest(std::uint64_t digest) {
    StoreRelaxed(buckets[3].word, static_cast<std::uint32_t>(digest >> 32));
    StoreRelaxed(buckets[4].word, static_cast<std::uint32_t>(digest));
    Store(buckets[3].meta, std::uint16_t{1});
  }
  void ForgetDigest() { StoreRelaxed(buckets[3].meta, std::uint16_t{0}); }

  // An empty page.
  void Clear(std::uint32_t birth);
  // All of `page` but its digest, which is not known then and is not looked at, because another
  // thread may be storing it.
  void CopyEntries(const Page& page);
};
static_assert(sizeof(Bucket) == 64 && sizeof(Page) == 1024);

// A slot of a page. `page` is null where nothing was found.
struct Slot {
  Page* page = nullptr;
  std::uint32_t bucket = 0;
  std::uint32_t index = 0;

  std::uint32_t ref() const { return Load(page->buckets[bucket].refs[index]); }
  HashParts parts() const {
    const Bucket& at = page->buckets[bucket];
    return {static_cast<std::uint8_t>(at.tops >> 8 * index), at.ext[index]};
  }
};

// The slot whose hash parts match and whose reference `is_it` accepts, from the home bucket on
// around the page and its overflow pages. `base` is the arena's. Also for readers beside the
// writer, whose `is_it` is given 0 for an entry that is just coming or going. Not inlined: with its
// loops in them, callers keep what they need on the stack. Lookups try FindAtHome() first.
template <typename IsIt>
[[gnu::noinline]] Slot Probe(const Page* page, HashParts parts, const char* base,
                             const IsIt& is_it) {
  for (;;) {
    std::uint32_t at = parts.home;
    std::uint16_t link = 0;
    for (std::uint32_t i = 0; i < Page::kBuckets; ++i, at = (at + 1) % Page::kBuckets) {
      const Bucket& bucket = page->buckets[at];
      SlotBytes slots = CandidateSlots(Load(bucket.tops), parts.top);
      for (; slots != 0; slots &= slots - 1) {
        const std::uint32_t index = FirstSlot(slots);
        if (LoadRelaxed(bucket.ext[index]) != parts.ext) continue;
        if (is_it(Load(bucket.refs[index]))) return {const_cast<Page*>(page), at, index};
      }
      link = Load(bucket.link);
      if ((link & Bucket::kPassMask) == 0) break;
    }
    if ((link & Bucket::kChained) == 0) [[likely]]
      return {};
    page = reinterpret_cast<const Page*>(base + (std::size_t{page->overflow()} << 3));
  }
}

// Writes that readers may look at meanwhile; each leaves the page whole at every instant.
//
// An entry is there from the store of its reference until that of another or of 0, and nothing else
// decides it: the tophash is set before the reference and cleared after it. Were it the other way
// round, a reader that still holds the tophash of an entry that is gone could find the next one in
// its slot (the same key, put again) before that is there, and a later reader would miss it.

// Puts an entry into a free slot; false when all 128 are taken. Counts it; the digest is the
// caller's.
bool PlaceEntry(Page& page, HashParts parts, std::uint32_t ref);
// Empties a slot. The digest is the caller's.
inline void EmptySlot(Slot slot) {
  Page& page = *slot.page;
  Bucket& bucket = page.buckets[slot.bucket];
  const std::uint32_t home = bucket.ext[slot.index] & 15u;
  Store(bucket.refs[slot.index], 0u);
  Store(bucket.tops, bucket.tops & ~(std::uint64_t{0xff} << 8 * slot.index));
  for (std::uint32_t b = home; b != slot.bucket; b = (b + 1) % Page::kBuckets) {
    std::uint16_t& link = page.buckets[b].link;
    Store(link, static_cast<std::uint16_t>(link - 1));
  }
  page.set_count(page.count() - 1);
  page.MarkWritten(slot.bucket);
}
// Where a snapshot may still have the page that this one was copied from, MarkWritten() belongs to
// it. Elsewhere an overwrite need not touch the page's first line.
inline void ReplaceRef(Slot slot, std::uint32_t ref) {
  Store(slot.page->buckets[slot.bucket].refs[slot.index], ref);
}

// Calls visit(Slot) for every entry of the page, in slot order; not of its overflow pages. The
// callback may empty the slot it is given.
template <typename Visit>
void ForEachSlot(Page& page, const Visit& visit) {
  for (std::uint32_t b = 0; b < Page::kBuckets; ++b) {
    SlotBytes used = UsedSlots(LoadRelaxed(page.buckets[b].tops));
    for (; used != 0; used &= used - 1) visit(Slot{&page, b, FirstSlot(used)});
  }
}

// The slots of `bucket`, as a bit mask, in which bit `bit` of `ext` is set; also of empty slots,
// whose `ext` is whatever it was.
inline std::uint32_t SlotsWithExtBit(const Bucket& bucket, std::uint32_t bit) {
#if defined(__SSE2__)
  const __m128i ext = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bucket.ext));
  const __m128i signs = _mm_sll_epi16(ext, _mm_cvtsi32_si128(static_cast<int>(15 - bit)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(signs, signs))) & 0xff;
#else
  std::uint32_t slots = 0;
  for (std::uint32_t i = 0; i < 8; ++i) slots |= (std::uint32_t{bucket.ext[i]} >> bit & 1u) << i;
  return slots;
#endif
}

// Which of two pages a page's entries go to, a bit for each slot of a bucket.
using SlotSides = std::uint8_t[Page::kBuckets];

// Deals the entries of `page`, which has no overflow page, to two pages that nobody else sees yet
// and whose bytes may be anything: to `high` those whose bit of `sides` is set. An entry that lies
// in its home bucket keeps its slot; only the others are placed anew, so that a split costs two
// copies of the page and not a hundred insertions. Both are born in `birth`.
void DealEntries(const Page& page, const SlotSides& sides, std::uint32_t birth, Page& low,
                 Page& high);

// The references of the page's entries, in slot order and not of its overflow pages, into `refs`,
// which has room for kSlots. Returns how many. For pages that nobody changes meanwhile. By shuffles
// of four references at a time where the processor has them, which is four times as fast as
// GatherRefsPortably and gives the same.
std::uint32_t GatherRefs(const Page& page, std::uint32_t* refs);
std::uint32_t GatherRefsPortably(const Page& page, std::uint32_t* refs);

}  // namespace portolan::mapcore::hmap
