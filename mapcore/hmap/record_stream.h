#pragma once

#include <cstddef>
#include <cstdint>

#include "mapcore/hmap/page.h"
#include "mapcore/hmap/record.h"

namespace portolan::mapcore::hmap {

// Visits the records of pages that nobody changes meanwhile, three pages at once: the lines of one
// are asked for, the records of the one before it, and those of the one before that are visited. So
// the latency of memory is paid once a page and not once an entry.
//
// A map of a few pages is in the cache before long: asking for what is there took a third of its
// time.
//
// Add() each page but overflow pages, which come with theirs, then End(). Calls visit(const
// Record&) in the order of pages and slots.
template <typename Visit>
class RecordStream {
 public:
  // Up to so many pages, with their records some 600 KiB, nothing is asked for.
  static constexpr std::uint64_t kNearPages = 64;

  // `base` is the arena's, of a map of so many pages; both outlive this.
  RecordStream(const char* base, std::uint64_t pages, const Visit& visit)
      : base_(base), far_(pages > kNearPages), visit_(visit) {}

  void Add(const Page& page) {
    if (far_)
      for (const Bucket& bucket : page.buckets) __builtin_prefetch(&bucket);
    Advance();
    coming_ = &page;
  }
  void End() {
    Advance();
    coming_ = nullptr;
    Advance();
  }

 private:
  const Record& At(std::uint32_t ref) const {
    return *reinterpret_cast<const Record*>(base_ + (std::size_t{ref} << 3));
  }
  // The page that is coming, and its overflow pages, which nobody could ask for before.
  void Advance() {
    for (const Page* page = coming_;;) {
      std::uint32_t* refs = refs_[turn_];
      const std::uint32_t count = page == nullptr ? 0 : GatherRefs(*page, refs);
      if (far_)
        for (std::uint32_t i = 0; i < count; ++i) __builtin_prefetch(&At(refs[i]));
      turn_ ^= 1;
      const std::uint32_t* ready = refs_[turn_];
      for (std::uint32_t i = 0; i < ready_; ++i) visit_(At(ready[i]));
      ready_ = count;
      if (page == nullptr || page->overflow() == 0) return;
      page = reinterpret_cast<const Page*>(base_ + (std::size_t{page->overflow()} << 3));
    }
  }

  const char* const base_;
  const bool far_;
  const Visit& visit_;
  const Page* coming_ = nullptr;
  std::uint32_t turn_ = 0;
  std::uint32_t ready_ = 0;
  std::uint32_t refs_[2][Page::kSlots];
};

}  // namespace portolan::mapcore::hmap
