#include "mapcore/hmap/diff.h"

#include <algorithm>
#include <cstring>
#include <iterator>

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

// Goes down two tables in the order of hashes, both at once, and leaves out what both share: pages
// and chunks that are the same, or, between lineages, that have the same digest.
class LockStep {
 public:
  LockStep(Side before, Side after, DiffResult& result)
      : before_(before),
        after_(after),
        one_lineage_(&before.lineage == &after.lineage),
        result_(result) {}

  void Run() {
    std::uint64_t at = 0;
    do {
      const std::uint64_t a = before_.ChunkAt(at);
      const std::uint64_t b = after_.ChunkAt(at);
      if (SameChunk(a, b))
        at = Behind(at, DepthOf(a));
      else if (one_lineage_ && DepthOf(a) == DepthOf(b))
        at = CompareChunks(at, *ChunkOf(a), *ChunkOf(b), DepthOf(a));
      else
        at = ComparePagesAt(at);
    } while (at != 0);
    ComparePairs();
    JudgePairs();
  }

 private:
  struct PagePair {
    const Page* a;
    const Page* b;
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

  // Chunks of the same hashes: mostly one is the other's copy with a few pointers changed.
  std::uint64_t CompareChunks(std::uint64_t begin, const Chunk& a, const Chunk& b,
                              std::uint32_t depth) {
    for (std::uint32_t p = 0; p < Chunk::kPages;) {
      if (a.pages[p] == b.pages[p]) {
        ++p;
        continue;
      }
      const std::uint64_t at = begin | std::uint64_t{p} << (64 - Chunk::kBits) >> depth;
      ComparePagesAt(at);
      const std::uint32_t page = std::min(DepthOf(a.pages[p]), DepthOf(b.pages[p]));
      p += 1u << (depth + Chunk::kBits - page);
    }
    return Behind(begin, depth);
  }

  std::uint64_t ComparePagesAt(std::uint64_t at) {
    const std::uint64_t a = before_.PageAt(at);
    const std::uint64_t b = after_.PageAt(at);
    const std::uint32_t depth = std::min(DepthOf(a), DepthOf(b));
    if (!one_lineage_) {
      if (Sum(before_, at, depth) != Sum(after_, at, depth)) CompareRange(at, depth);
    } else if (PageOf(a) != PageOf(b)) {
      if (DepthOf(a) == DepthOf(b) && PageOf(a)->overflow() == 0 && PageOf(b)->overflow() == 0)
        pages_.push_back({PageOf(a), PageOf(b)});
      else
        CompareRange(at, depth);
    }
    return Behind(at, depth);
  }

  // Of pages that cover the same hashes: one is mostly the other's copy.
  void ComparePairs() {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      if (i + 1 < pages_.size()) {
        for (std::uint32_t bucket = 0; bucket < Page::kBuckets; ++bucket) {
          __builtin_prefetch(&pages_[i + 1].a->buckets[bucket], 0, 2);
          __builtin_prefetch(&pages_[i + 1].b->buckets[bucket], 0, 2);
        }
      }
      ComparePages(*pages_[i].a, *pages_[i].b);
      Settle();
    }
  }

  void ComparePages(const Page& a, const Page& b) {
    result_.pages_read += 2;
    for (std::uint32_t i = 0; i < Page::kBuckets; ++i) {
      const Bucket& one = a.buckets[i];
      const Bucket& two = b.buckets[i];
      if (SameRefs(one, two)) continue;
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
          overwrites_.push_back({gone, come});
          continue;
        }
        if (gone != nullptr) gone_.push_back(gone);
        if (come != nullptr) come_.push_back(come);
      }
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

  // What looked like overwrites. If one was not (another key, under the same 24 bits, took the slot
  // of one that was erased), the other halves may be anywhere in the result: all that is one-sided
  // is joined anew.
  void JudgePairs() {
    olds_.clear();
    news_.clear();
    for (const RecordPair& pair : overwrites_) {
      if (pair.a->key() != pair.b->key()) {
        olds_.push_back(pair.a);
        news_.push_back(pair.b);
      } else if (pair.a->value() != pair.b->value()) {
        result_.changes.push_back({pair.a, pair.b});
      }
    }
    if (olds_.empty()) return;
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
  std::vector<PagePair> pages_;
  std::vector<RecordPair> overwrites_;
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
