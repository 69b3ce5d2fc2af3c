#include "mapcore/hmap/diff.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

#include "mapcore/hmap/digest.h"

namespace portolan::mapcore::hmap {
namespace {

using Records = std::vector<const Record*>;

// What lies behind the 2^(64 - depth) hashes from `begin`; 0 behind the last.
std::uint64_t Behind(std::uint64_t begin, std::uint32_t depth) {
  return depth == 0 ? 0 : begin + (std::uint64_t{1} << (64 - depth));
}

// One side of a comparison.
struct Side {
  const Lineage& lineage;
  const Top& top;

  std::uint64_t ChunkAt(std::uint64_t hash) const { return top.chunks()[hash >> top.shift]; }
  std::uint64_t PageAt(std::uint64_t hash) const {
    const std::uint64_t chunk = ChunkAt(hash);
    return ChunkOf(chunk)->pages[PageIndex(hash, DepthOf(chunk))];
  }
  const Page* Overflow(const Page& page) const {
    const Arena::Ref next = page.overflow();
    return next == 0 ? nullptr : static_cast<const Page*>(lineage.arena().At(next));
  }
};

bool SameRefs(const Bucket& a, const Bucket& b) {
  std::uint64_t one[4];
  std::uint64_t two[4];
  std::memcpy(one, a.refs, sizeof one);
  std::memcpy(two, b.refs, sizeof two);
  return ((a.tops ^ b.tops) | (one[0] ^ two[0]) | (one[1] ^ two[1]) | (one[2] ^ two[2]) |
          (one[3] ^ two[3])) == 0;
}

// The first place from `at` on where two tables of `end` pointers differ; `end` where none is. On
// both sides a span begins there: equal pointers are equal spans, and of two different ones that
// overlap the pointers differ from the beginning of the larger on.
std::size_t NextDifference(const std::uint64_t* a, const std::uint64_t* b, std::size_t at,
                           std::size_t end) {
  constexpr std::size_t kBlock = 8;  // compared without a branch, by vectors
  for (; at + kBlock <= end; at += kBlock) {
    std::uint64_t differ = 0;
    for (std::size_t i = at; i < at + kBlock; ++i) differ |= a[i] ^ b[i];
    if (differ != 0) break;
  }
  while (at < end && a[at] == b[at]) ++at;
  return at;
}

// Pairs that wait for their memory, which was asked for when they were added: looked at together,
// when so many have come.
template <typename Pair, std::size_t kSize>
class Flight {
 public:
  bool Add(const Pair& pair) {
    pairs_[count_++] = pair;
    return count_ == kSize;
  }
  std::span<const Pair> Take() { return {pairs_.data(), std::exchange(count_, 0)}; }

 private:
  std::array<Pair, kSize> pairs_;
  std::size_t count_ = 0;
};

// Goes down two tables in the order of hashes, both at once, and leaves out what both share: pages
// and chunks that are the same, or, between lineages, that have the same digest. Of a chunk or page
// that is the other's copy it reads what was written since.
//
// Hardly any of the memory is in a cache near by, and what is to be read next is known early. So
// chunks, pages and records are compared in flights, each of whose lines are under way together.
class LockStep {
 public:
  LockStep(Side before, Side after, DiffResult& result)
      : before_(before),
        after_(after),
        one_lineage_(&before.lineage == &after.lineage),
        result_(result) {}

  void Run() {
    if (one_lineage_ && before_.top.depth == after_.top.depth)
      CompareTops();
    else
      Descend(0, 0);
    CompareChunks();
    ComparePages();
    Judge();
    JoinStrays();
  }

 private:
  static constexpr std::size_t kChunkFlight = 16;
  static constexpr std::size_t kPageFlight = 32;
  static constexpr std::size_t kRecordFlight = 32;

  struct ChunkPair {
    const Chunk* a;
    const Chunk* b;
    std::uint64_t begin;
    std::uint32_t depth;
  };
  struct PagePair {
    std::uint64_t a;  // entries
    std::uint64_t b;
    std::uint64_t begin;
  };
  struct RecordPair {
    const Record* a;
    const Record* b;
  };

  bool SameChunk(std::uint64_t a, std::uint64_t b) const {
    if (one_lineage_) return a == b;
    const Chunk& one = *ChunkOf(a);
    const Chunk& two = *ChunkOf(b);
    return DepthOf(a) == DepthOf(b) && Load(one.digest_known) != 0 && Load(two.digest_known) != 0 &&
           LoadRelaxed(one.digest) == LoadRelaxed(two.digest);
  }

  // Of one lineage, of the same size: mostly one is the other's copy with a few pointers changed.
  void CompareTops() {
    const Top& top = before_.top;
    const std::uint64_t* a = top.chunks();
    const std::uint64_t* b = after_.top.chunks();
    for (std::size_t t = NextDifference(a, b, 0, top.size()); t < top.size();
         t = NextDifference(a, b, t, top.size())) {
      const std::uint64_t begin = std::uint64_t{t} << top.shift;
      const std::uint32_t depth = std::min(DepthOf(a[t]), DepthOf(b[t]));
      if (DepthOf(a[t]) == DepthOf(b[t]))
        AddChunks({ChunkOf(a[t]), ChunkOf(b[t]), begin, depth});
      else
        Descend(begin, depth);
      t += std::size_t{1} << (top.depth - depth);
    }
  }

  // The 2^(64 - depth) hashes from `begin`, span by span.
  void Descend(std::uint64_t begin, std::uint32_t depth) {
    const std::uint64_t end = Behind(begin, depth);
    std::uint64_t at = begin;
    do {
      const std::uint64_t a = before_.ChunkAt(at);
      const std::uint64_t b = after_.ChunkAt(at);
      if (SameChunk(a, b)) {
        at = Behind(at, DepthOf(a));
      } else if (one_lineage_ && DepthOf(a) == DepthOf(b)) {
        AddChunks({ChunkOf(a), ChunkOf(b), at, DepthOf(a)});
        at = Behind(at, DepthOf(a));
      } else {
        at = ComparePagesAt(at);
      }
    } while (at != end);
  }

  void AddChunks(const ChunkPair& pair) {
    __builtin_prefetch(pair.a);
    __builtin_prefetch(pair.b);
    if (chunks_.Add(pair)) CompareChunks();
  }

  // Which of the pointers may differ, a bit each.
  std::uint64_t WrittenOf(const Chunk& a, const Chunk& b) const {
    const Arena& arena = before_.lineage.arena();
    if (IsCopy(b.origin, b.birth, arena.RefOf(&a), a.birth)) return b.written;
    if (IsCopy(a.origin, a.birth, arena.RefOf(&b), b.birth)) return a.written;
    return ~std::uint64_t{0};
  }

  void CompareChunks() {
    const std::span<const ChunkPair> pairs = chunks_.Take();
    std::uint64_t written[kChunkFlight];
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      written[i] = WrittenOf(*pairs[i].a, *pairs[i].b);
      for (std::uint64_t left = written[i]; left != 0;) {
        const auto line = static_cast<std::uint32_t>(std::countr_zero(left)) & ~7u;
        __builtin_prefetch(pairs[i].a->pages + line);
        __builtin_prefetch(pairs[i].b->pages + line);
        left &= ~(std::uint64_t{0xff} << line);
      }
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) ComparePointers(pairs[i], written[i]);
  }

  void ComparePointers(const ChunkPair& pair, std::uint64_t written) {
    const std::uint64_t* a = pair.a->pages;
    const std::uint64_t* b = pair.b->pages;
    while (written != 0) {
      const auto p = static_cast<std::uint32_t>(std::countr_zero(written));
      written &= written - 1;
      if (a[p] == b[p]) continue;
      const std::uint32_t depth = std::min(DepthOf(a[p]), DepthOf(b[p]));
      const std::uint32_t span = 1u << (pair.depth + Chunk::kBits - depth);
      written &= ~(~std::uint64_t{0} >> (Chunk::kPages - span) << p);
      AddPages({a[p], b[p], pair.begin | std::uint64_t{p} << (64 - Chunk::kBits) >> pair.depth});
    }
  }

  std::uint64_t ComparePagesAt(std::uint64_t at) {
    const std::uint64_t a = before_.PageAt(at);
    const std::uint64_t b = after_.PageAt(at);
    const std::uint32_t depth = std::min(DepthOf(a), DepthOf(b));
    if (!one_lineage_) {
      if (Sum(before_, at, depth) != Sum(after_, at, depth)) CompareRange(at, depth);
    } else if (a != b) {  // the same page may have another depth: its neighbour was folded into it
      AddPages({a, b, at});
    }
    return Behind(at, depth);
  }

  void AddPages(const PagePair& pair) {
    for (const std::uint64_t entry : {pair.a, pair.b}) {
      __builtin_prefetch(&PageOf(entry)->buckets[0]);
      __builtin_prefetch(&PageOf(entry)->buckets[1]);
    }
    if (pages_.Add(pair)) ComparePages();
  }

  // Which buckets may differ, a bit for two.
  std::uint32_t WrittenOf(const Page& a, const Page& b) const {
    const Arena& arena = before_.lineage.arena();
    if (IsCopy(b.origin(), b.birth(), arena.RefOf(&a), a.birth())) return b.written();
    if (IsCopy(a.origin(), a.birth(), arena.RefOf(&b), b.birth())) return a.written();
    return 0xff;
  }

  void ComparePages() {
    const std::span<const PagePair> pairs = pages_.Take();
    std::uint32_t written[kPageFlight];
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const Page& a = *PageOf(pairs[i].a);
      const Page& b = *PageOf(pairs[i].b);
      const std::uint32_t depth = std::min(DepthOf(pairs[i].a), DepthOf(pairs[i].b));
      written[i] = 0;
      if (DepthOf(pairs[i].a) != DepthOf(pairs[i].b) || a.chained() || b.chained()) {
        CompareRange(pairs[i].begin, depth);
        continue;
      }
      written[i] = WrittenOf(a, b);
      for (std::uint32_t left = written[i]; left != 0; left &= left - 1) {
        const int two = 2 * std::countr_zero(left);
        for (const int bucket : {two, two + 1}) {
          __builtin_prefetch(&a.buckets[bucket]);
          __builtin_prefetch(&b.buckets[bucket]);
        }
      }
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (written[i] == 0) continue;
      result_.pages_read += 2;
      for (std::uint32_t left = written[i]; left != 0; left &= left - 1) {
        const int two = 2 * std::countr_zero(left);
        result_.buckets_read += 4;
        for (const int bucket : {two, two + 1})
          CompareBuckets(PageOf(pairs[i].a)->buckets[bucket], PageOf(pairs[i].b)->buckets[bucket]);
      }
      Settle();
    }
  }

  void CompareBuckets(const Bucket& one, const Bucket& two) {
    if (SameRefs(one, two)) return;
    for (std::uint32_t s = 0; s < 8; ++s) {
      const auto top_one = static_cast<std::uint8_t>(one.tops >> 8 * s);
      const auto top_two = static_cast<std::uint8_t>(two.tops >> 8 * s);
      if (top_one != 0 && top_two != 0 && one.refs[s] == two.refs[s]) continue;
      const Record* gone = top_one == 0 ? nullptr : before_.lineage.RecordAt(one.refs[s]);
      const Record* come = top_two == 0 ? nullptr : after_.lineage.RecordAt(two.refs[s]);
      if (gone != nullptr && top_one == top_two && one.ext[s] == two.ext[s]) {
        // In one slot under the same 24 bits of hash: an overwrite, to be proved by its key when
        // the records have come in.
        __builtin_prefetch(gone);
        __builtin_prefetch(come);
        if (overwrites_.Add({gone, come})) Judge();
        continue;
      }
      if (gone != nullptr) gone_.push_back(gone);
      if (come != nullptr) come_.push_back(come);
    }
  }

  // Where one side split or merged, or where all that is known is that it differs: all of both.
  void CompareRange(std::uint64_t begin, std::uint32_t depth) {
    Collect(before_, begin, depth, gone_);
    Collect(after_, begin, depth, come_);
    Settle();
  }

  void Collect(const Side& side, std::uint64_t begin, std::uint32_t depth, Records& records) {
    const std::uint64_t end = Behind(begin, depth);
    std::uint64_t at = begin;
    do {
      const std::uint64_t entry = side.PageAt(at);
      for (const Page* page = PageOf(entry); page != nullptr; page = side.Overflow(*page)) {
        ++result_.pages_read;
        ForEachSlot(const_cast<Page&>(*page),
                    [&](Slot slot) { records.push_back(side.lineage.RecordAt(slot.ref())); });
      }
      at = Behind(at, DepthOf(entry));
    } while (at != end);
  }

  // The digest of the 2^(64 - depth) hashes from `begin`.
  std::uint64_t Sum(const Side& side, std::uint64_t begin, std::uint32_t depth) {
    const std::uint64_t end = Behind(begin, depth);
    std::uint64_t sum = 0;
    std::uint64_t at = begin;
    do {
      const std::uint64_t entry = side.PageAt(at);
      result_.pages_read += !PageOf(entry)->digest_known();
      sum += PageDigest(side.lineage, side.top, *PageOf(entry));
      at = Behind(at, DepthOf(entry));
    } while (at != end);
    return sum;
  }

  // Takes out what is on both sides, and pairs the rest by key.
  void Settle() {
    if (gone_.empty() && come_.empty()) return;
    std::sort(gone_.begin(), gone_.end());
    std::sort(come_.begin(), come_.end());
    olds_.clear();
    news_.clear();
    std::set_difference(gone_.begin(), gone_.end(), come_.begin(), come_.end(),
                        std::back_inserter(olds_));
    std::set_difference(come_.begin(), come_.end(), gone_.begin(), gone_.end(),
                        std::back_inserter(news_));
    gone_.clear();
    come_.clear();
    JoinByKey();
  }

  void JoinByKey() {
    const auto by_key = [](const Record* a, const Record* b) { return a->key() < b->key(); };
    std::sort(olds_.begin(), olds_.end(), by_key);
    std::sort(news_.begin(), news_.end(), by_key);
    std::size_t o = 0;
    std::size_t n = 0;
    while (o < olds_.size() || n < news_.size()) {
      const int order = o == olds_.size()   ? 1
                        : n == news_.size() ? -1
                                            : olds_[o]->key().compare(news_[n]->key());
      if (order != 0 || olds_[o]->value() != news_[n]->value())
        result_.changes.push_back(
            {order <= 0 ? olds_[o] : nullptr, order >= 0 ? news_[n] : nullptr});
      o += order <= 0;
      n += order >= 0;
    }
  }

  // What looked like overwrites.
  void Judge() {
    for (const RecordPair& pair : overwrites_.Take()) {
      if (pair.a->key() != pair.b->key())
        strays_.push_back(pair);
      else if (pair.a->value() != pair.b->value())
        result_.changes.push_back({pair.a, pair.b});
    }
  }

  // Where another key, under the same 24 bits, took the slot of one that was erased, the other
  // halves may be anywhere in the result: all that is one-sided is joined anew.
  void JoinStrays() {
    if (strays_.empty()) return;
    olds_.clear();
    news_.clear();
    for (const RecordPair& pair : strays_) {
      olds_.push_back(pair.a);
      news_.push_back(pair.b);
    }
    std::erase_if(result_.changes, [&](const RecordChange& change) {
      if (change.before != nullptr && change.after != nullptr) return false;
      (change.before != nullptr ? olds_ : news_)
          .push_back(change.before != nullptr ? change.before : change.after);
      return true;
    });
    JoinByKey();
  }

  const Side before_;
  const Side after_;
  const bool one_lineage_;
  DiffResult& result_;
  Flight<ChunkPair, kChunkFlight> chunks_;
  Flight<PagePair, kPageFlight> pages_;
  Flight<RecordPair, kRecordFlight> overwrites_;
  std::vector<RecordPair> strays_;
  Records gone_, come_;
  Records olds_, news_;
};

DiffResult DiffByKey(const Snapshot& before, const Snapshot& after) {
  DiffResult result;
  before.ForEach([&](const Record& record) {
    const Record* other = after.FindRecord(record.key());
    if (other == nullptr || other->value() != record.value())
      result.changes.push_back({&record, other});
  });
  after.ForEach([&](const Record& record) {
    if (before.FindRecord(record.key()) == nullptr) result.changes.push_back({nullptr, &record});
  });
  result.pages_read = before.contents().pages + after.contents().pages;
  return result;
}

}  // namespace

DiffResult Diff(const Snapshot& before, const Snapshot& after) {
  const Top& a = *before.contents().top;
  const Top& b = *after.contents().top;
  if (a.seed != b.seed || a.hash != b.hash || a.old != nullptr || b.old != nullptr)
    return DiffByKey(before, after);
  DiffResult result;
  if (&a != &b) LockStep({before.lineage(), a}, {after.lineage(), b}, result).Run();
  return result;
}

}  // namespace portolan::mapcore::hmap
