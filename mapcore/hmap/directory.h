#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mapcore/hmap/arena.h"
#include "mapcore/hmap/atomic.h"
#include "mapcore/hmap/hash.h"
#include "mapcore/hmap/page.h"

namespace portolan::mapcore::hmap {

// Extendible hashing (Fagin et al. 1979) in two levels over copy-on-write pages. A hash's highest
// bits choose an entry of the top, the next six a page of that entry's chunk:
//
//   Top   2^depth entries; a chunk of local depth L fills 2^(depth - L) of them
//   Chunk 64 page pointers; a page of local depth d, L <= d <= L + 6, fills 2^(L + 6 - d) of them
//
// A full page splits in two by its next bit; a page as deep as its chunk allows splits the chunk
// first; a chunk as deep as the top doubles the top first. Each of the three replaces pointers only
// and leaves every entry findable, so growth has no phase and no pause.
//
// A node begins with its birth, as a page and a record do, and with its size.
struct Node {
  std::uint32_t birth;
  std::uint32_t bytes;
};

struct alignas(64) Chunk : Node {
  static constexpr std::uint32_t kPages = 64;
  static constexpr std::uint32_t kBits = 6;
  // As a page has them: the chunk it was copied from by Arena::Ref, or 0, and which pointers were
  // set since, a bit each.
  std::uint64_t written;
  std::uint32_t origin;
  // A page pointer; its low six bits are the page's local depth.
  std::uint64_t pages[kPages];
  std::uint64_t digest;        // the sum of its pages', once it was asked for; see digest.h
  std::uint32_t digest_known;  // 0: not since the last write below
};

static_assert(sizeof(Chunk) == 576, "a size of its own would share no free list with RefList");

// Whether a page or chunk was copied from another that some version still has, by their births and
// the name that the copy keeps. The name alone does not tell: the origin may have been freed since,
// and its block used again, but then for something born in the version of the copy or later.
inline bool IsCopy(Arena::Ref origin, std::uint32_t birth, Arena::Ref of, std::uint32_t of_birth) {
  return origin == of && of_birth < birth;
}

using HashFunction = std::uint64_t (*)(std::string_view key, std::uint64_t prepared_seed);

struct alignas(64) Top : Node {
  static constexpr std::uint32_t kDepthMin = 1;  // so that `hash >> shift` is defined

  std::uint32_t depth;
  std::uint32_t shift;  // 64 - depth
  std::uint64_t seed;   // prepared
  HashFunction hash;    // null: HashBytes, which is then inlined
  // The table whose entries are on their way here, or null; see relocation.h.
  Top* old;

  // Chunk pointers, right behind; the low six bits of each are the chunk's local depth.
  std::uint64_t* chunks() { return reinterpret_cast<std::uint64_t*>(this + 1); }
  const std::uint64_t* chunks() const { return reinterpret_cast<const std::uint64_t*>(this + 1); }
  std::size_t size() const { return std::size_t{1} << depth; }
  static std::uint32_t BytesFor(std::uint32_t depth) {
    return static_cast<std::uint32_t>((sizeof(Top) + (std::size_t{8} << depth) + 63) & ~63u);
  }
  [[gnu::always_inline]] std::uint64_t HashOf(std::string_view key) const {
    return hash == nullptr ? HashBytes(key, seed) : hash(key, seed);
  }
};
static_assert(sizeof(Top) == 64);

inline constexpr std::uint64_t kDepthBits = 63;

inline Chunk* ChunkOf(std::uint64_t entry) {
  return reinterpret_cast<Chunk*>(entry & ~kDepthBits);
}
inline Page* PageOf(std::uint64_t entry) {
  return reinterpret_cast<Page*>(entry & ~kDepthBits);
}
inline std::uint32_t DepthOf(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry & kDepthBits);
}
template <typename Pointee>
std::uint64_t EntryOf(Pointee* pointer, std::uint32_t depth) {
  return reinterpret_cast<std::uint64_t>(pointer) | depth;
}
inline std::uint32_t PageIndex(std::uint64_t hash, std::uint32_t chunk_depth) {
  return static_cast<std::uint32_t>(hash << chunk_depth >> (64 - Chunk::kBits));
}

// A page and the hashes that belong to it.
struct PageSpan {
  Page* page;
  std::uint64_t begin;
  std::uint64_t last;
};

inline PageSpan SpanAt(const Top& top, std::uint64_t hash) {
  const std::uint64_t chunk = top.chunks()[hash >> top.shift];
  const std::uint64_t entry = ChunkOf(chunk)->pages[PageIndex(hash, DepthOf(chunk))];
  const std::uint64_t below =
      DepthOf(entry) == 0 ? ~std::uint64_t{0} : ~std::uint64_t{0} >> DepthOf(entry);
  return {PageOf(entry), hash & ~below, hash | below};
}

inline Page* FindPage(const Top& top, std::uint64_t hash) {
  const std::uint64_t entry = Load(top.chunks()[hash >> top.shift]);
  return PageOf(Load(ChunkOf(entry)->pages[PageIndex(hash, DepthOf(entry))]));
}

inline const Record* RecordAt(const char* base, std::uint32_t ref) {
  return reinterpret_cast<const Record*>(base + (std::size_t{ref} << 3));
}

// Whether a slot's reference leads to a record of the key. 0 leads to the arena's beginning, where
// no record is: an entry that is coming or going there is looked at as if it had an empty key, and
// so the reference decides last.
inline bool LeadsTo(std::uint32_t ref, const Record* record, std::string_view key) {
  return record->HasKey(key) && ref != 0;
}

// Looks a key up as far as its home bucket's first candidate, which nearly always decides, or its
// having none and nothing having passed it: hit(bucket, index, record), `none`, or rest().
//
// The fewer instructions a lookup has, the more lookups that wait for memory a processor has under
// way. So this is inlined with what it calls, and rest() is to be a call at the caller's end that
// is told all anew: then a lookup that needs none saves no registers for it.
template <typename Hit, typename None, typename Rest>
[[gnu::always_inline]] inline auto FindAtHome(const Page* page, std::uint64_t hash,
                                              std::string_view key, const char* base,
                                              const Hit& hit, const None& none, const Rest& rest) {
  const HashParts parts(hash);
  const Bucket* home = &page->buckets[parts.home];
  asm("" : "+r"(home));  // or its address is computed anew for each of its fields
  const SlotBytes slots = CandidateSlots(Load(home->tops), parts.top);
  if (slots != 0) [[likely]] {
    const std::uint32_t index = FirstSlot(slots);
    if (LoadRelaxed(home->ext[index]) == parts.ext) [[likely]] {
      const std::uint32_t ref = Load(home->refs[index]);
      const Record* record = RecordAt(base, ref);
      if (record->HasShortKey(key) && ref != 0) [[likely]]
        return hit(parts.home, index, record);
    }
  } else if (Load(home->link) == 0) {
    return none;
  }
  return rest();
}

// Of the table alone.
inline const Record* FindIn(const Top& top, std::uint64_t hash, std::string_view key,
                            const char* base) {
  // Kept here and not read again from the slot, which a writer may give to another key meanwhile.
  const Record* found = nullptr;
  Probe(FindPage(top, hash), HashParts(hash), base, [&](std::uint32_t ref) {
    const Record* record = RecordAt(base, ref);
    if (!LeadsTo(ref, record, key)) return false;
    found = record;
    return true;
  });
  return found;
}

// FindRecord() of any key in any state. While a table is being relocated an entry is in one of the
// two tables, or for an instant in both; the old one is asked first, because entries move from it.
[[gnu::noinline]] inline const Record* FindAnyRecord(const Top* top, std::string_view key,
                                                     const char* base) {
  if (const Top* old = Load(top->old); old != nullptr)
    if (const Record* record = FindIn(*old, old->HashOf(key), key, base)) return record;
  return FindIn(*top, top->HashOf(key), key, base);
}

// FindRecord() where the key's page and hash are known and no other table is asked first.
[[gnu::always_inline]] inline const Record* FindRecordIn(const Top* top, const Page* page,
                                                         std::uint64_t hash, std::string_view key,
                                                         const char* base) {
  return FindAtHome(
      page, hash, key, base,
      [](std::uint32_t, std::uint32_t, const Record* record) { return record; },
      static_cast<const Record*>(nullptr), [&] { return FindAnyRecord(top, key, base); });
}

// The record of a key, or null.
inline const Record* FindRecord(const Top* top, std::string_view key, const char* base) {
  const auto find = [&]() __attribute__((always_inline)) {
    const std::uint64_t hash = HashBytes(key, top->seed);
    return FindRecordIn(top, FindPage(*top, hash), hash, key, base);
  };
  if (Load(top->old) == nullptr && top->hash == nullptr) [[likely]] {
    // Twice, because the longer ones are then hashed and compared with one branch.
    if (key.size() > kTinyBytes && key.size() <= kShortBytes) [[likely]]
      return find();
    if (key.size() <= kTinyBytes) return find();
  }
  return FindAnyRecord(top, key, base);
}

// Lookups that are under way at once: as many as a core has lines on their way, roughly, and two
// lines each.
inline constexpr std::size_t kFlight = 16;

// The hashes and pages of the keys of one flight.
struct Flight {
  std::uint64_t hashes[kFlight];
  const Page* pages[kFlight];
};

// Asks for the lines that looking these keys up will touch, stage by stage, so that they come in
// together. At most kFlight keys; of the table alone.
inline void Prefetch(const Top& top, const char* base, std::span<const std::string_view> keys,
                     Flight& flight) {
  for (std::size_t i = 0; i < keys.size(); ++i) flight.hashes[i] = top.HashOf(keys[i]);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    flight.pages[i] = FindPage(top, flight.hashes[i]);
    __builtin_prefetch(&flight.pages[i]->buckets[flight.hashes[i] & 15]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const HashParts parts(flight.hashes[i]);
    const Bucket& bucket = flight.pages[i]->buckets[parts.home];
    const SlotBytes slots = CandidateSlots(Load(bucket.tops), parts.top);
    if (slots == 0) continue;
    const char* record = base + (std::size_t{Load(bucket.refs[FirstSlot(slots)])} << 3);
    __builtin_prefetch(record);
    __builtin_prefetch(record + 64);
  }
}

// FindRecord for many keys: found(i, record or null) for each, a flight at a time.
template <typename Found>
void FindRecords(const Top* top, const char* base, std::span<const std::string_view> keys,
                 const Found& found) {
  if (Load(top->old) != nullptr) {
    for (std::size_t i = 0; i < keys.size(); ++i) found(i, FindRecord(top, keys[i], base));
    return;
  }
  Flight flight;
  for (std::size_t begin = 0; begin < keys.size(); begin += kFlight) {
    const auto few = keys.subspan(begin, std::min(kFlight, keys.size() - begin));
    Prefetch(*top, base, few, flight);
    for (std::size_t i = 0; i < few.size(); ++i)
      found(begin + i, FindRecordIn(top, flight.pages[i], flight.hashes[i], few[i], base));
  }
}

// Calls visit(Page&, depth, prefix) for every page in order of hashes, overflow pages not included;
// `prefix` is the lowest hash that belongs to the page.
template <typename Visit>
void ForEachPage(const Top& top, const Visit& visit) {
  for (std::size_t t = 0; t < top.size();) {
    const std::uint64_t entry = top.chunks()[t];
    const std::uint32_t chunk_depth = DepthOf(entry);
    const std::uint64_t begin = std::uint64_t{t} << top.shift;
    const Chunk& chunk = *ChunkOf(entry);
    for (std::uint32_t p = 0; p < Chunk::kPages;) {
      const std::uint32_t depth = DepthOf(chunk.pages[p]);
      const std::uint64_t prefix = begin | std::uint64_t{p} << (64 - Chunk::kBits) >> chunk_depth;
      visit(*PageOf(chunk.pages[p]), depth, prefix);
      p += 1u << (chunk_depth + Chunk::kBits - depth);
    }
    t += std::size_t{1} << (top.depth - chunk_depth);
  }
}

}  // namespace portolan::mapcore::hmap
