#include "mapcore/hmap/diff.h"

#include <algorithm>
#include <cstring>

namespace portolan::mapcore::hmap {
namespace {

using Refs = std::vector<Arena::Ref>;

// A page with the hashes it covers: from `begin`, 2^(64 - depth) of them.
struct Cover {
  std::uint64_t chunk;
  std::uint32_t chunk_depth;
  Page* page;
  std::uint32_t depth;
};

Cover CoverAt(const Top& top, std::uint64_t hash) {
  const std::uint64_t chunk = top.chunks()[hash >> top.shift];
  const std::uint64_t page = ChunkOf(chunk)->pages[PageIndex(hash, DepthOf(chunk))];
  return {chunk, DepthOf(chunk), PageOf(page), DepthOf(page)};
}

// What lies behind the 2^(64 - depth) hashes from `begin`; 0 behind the last.
std::uint64_t Behind(std::uint64_t begin, std::uint32_t depth) {
  return depth == 0 ? 0 : begin + (std::uint64_t{1} << (64 - depth));
}

class LockStep {
 public:
  LockStep(const Lineage& lineage, const Top& before, const Top& after, DiffResult& result)
      : lineage_(lineage), before_(before), after_(after), result_(result) {}

  void Run() {
    std::uint64_t at = 0;
    do {
      const Cover a = CoverAt(before_, at);
      const Cover b = CoverAt(after_, at);
      if (a.chunk == b.chunk) {
        at = Behind(at, a.chunk_depth);
        continue;
      }
      const std::uint32_t depth = std::min(a.depth, b.depth);
      if (a.page != b.page) {
        if (a.depth == b.depth && a.page->overflow() == 0 && b.page->overflow() == 0)
          ComparePages(*a.page, *b.page);
        else
          CompareRange(at, depth);
        Settle();
      }
      at = Behind(at, depth);
    } while (at != 0);
  }

 private:
  // Of pages that cover the same hashes: one is mostly the other's copy.
  void ComparePages(Page& a, Page& b) {
    result_.pages_read += 2;
    for (std::uint32_t i = 0; i < Page::kBuckets; ++i) {
      const Bucket& one = a.buckets[i];
      const Bucket& two = b.buckets[i];
      if (one.tops == two.tops && std::memcmp(one.refs, two.refs, sizeof one.refs) == 0) continue;
      for (std::uint32_t s = 0; s < 8; ++s) {
        const bool in_one = (one.tops >> 8 * s & 0xff) != 0;
        const bool in_two = (two.tops >> 8 * s & 0xff) != 0;
        if (in_one && in_two && one.refs[s] == two.refs[s]) continue;
        if (in_one) gone_.push_back(one.refs[s]);
        if (in_two) come_.push_back(two.refs[s]);
      }
    }
  }

  // Where one side split or merged: all of both sides.
  void CompareRange(std::uint64_t begin, std::uint32_t depth) {
    Collect(before_, begin, depth, gone_);
    Collect(after_, begin, depth, come_);
  }

  void Collect(const Top& top, std::uint64_t begin, std::uint32_t depth, Refs& refs) {
    const std::uint64_t end = Behind(begin, depth);
    std::uint64_t at = begin;
    do {
      const Cover cover = CoverAt(top, at);
      for (Page* page = cover.page; page != nullptr;
           page = page->overflow() == 0
                      ? nullptr
                      : static_cast<Page*>(lineage_.arena().At(page->overflow()))) {
        ++result_.pages_read;
        ForEachSlot(*page, [&](Slot slot) { refs.push_back(slot.ref()); });
      }
      at = Behind(at, cover.depth);
    } while (at != end);
  }

  // Takes out what is on both sides, and pairs the rest by key.
  void Settle() {
    std::sort(gone_.begin(), gone_.end());
    std::sort(come_.begin(), come_.end());
    std::vector<const Record*> olds = Without(gone_, come_);
    std::vector<const Record*> news = Without(come_, gone_);
    gone_.clear();
    come_.clear();
    const auto by_key = [](const Record* a, const Record* b) { return a->key() < b->key(); };
    std::sort(olds.begin(), olds.end(), by_key);
    std::sort(news.begin(), news.end(), by_key);
    std::size_t o = 0;
    std::size_t n = 0;
    while (o < olds.size() || n < news.size()) {
      const int order = o == olds.size()   ? 1
                        : n == news.size() ? -1
                                           : olds[o]->key().compare(news[n]->key());
      if (order != 0 || olds[o]->value() != news[n]->value())
        result_.changes.push_back({order <= 0 ? olds[o] : nullptr, order >= 0 ? news[n] : nullptr});
      o += order <= 0;
      n += order >= 0;
    }
  }

  std::vector<const Record*> Without(const Refs& refs, const Refs& others) const {
    std::vector<const Record*> rest;
    auto other = others.begin();
    for (const Arena::Ref ref : refs) {
      while (other != others.end() && *other < ref) ++other;
      if (other == others.end() || *other != ref) rest.push_back(lineage_.RecordAt(ref));
    }
    return rest;
  }

  const Lineage& lineage_;
  const Top& before_;
  const Top& after_;
  DiffResult& result_;
  Refs gone_, come_;
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
  const bool comparable = &before.lineage() == &after.lineage() && a.seed == b.seed &&
                          a.hash == b.hash && a.old == nullptr && b.old == nullptr;
  if (!comparable) return DiffByKey(before, after);
  DiffResult result;
  if (&a != &b) LockStep(before.lineage(), a, b, result).Run();
  return result;
}

}  // namespace portolan::mapcore::hmap
