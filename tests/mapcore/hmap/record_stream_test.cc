#include "mapcore/hmap/record_stream.h"

#include <gtest/gtest.h>

#include <span>

#include <string>
#include <vector>

namespace portolan::mapcore::hmap {
namespace {

// Pages and records by hand, in one block of memory that stands for the arena.
class Memory {
 public:
  std::uint32_t MakeRecord(std::uint32_t number) {
    Record::Make(bytes_.data() + at_, 1, std::to_string(number), "v");
    const auto ref = static_cast<std::uint32_t>(at_ >> 3);
    at_ += 32;
    return ref;
  }
  Page& MakePage() {
    at_ = (at_ + 1023) & ~std::size_t{1023};
    auto* page = reinterpret_cast<Page*>(bytes_.data() + at_);
    at_ += sizeof(Page);
    page->Clear(1);
    return *page;
  }
  std::uint32_t RefOf(const Page& page) const {
    return static_cast<std::uint32_t>((reinterpret_cast<const char*>(&page) - base()) >> 3);
  }
  const char* base() const { return bytes_.data(); }

 private:
  struct alignas(1024) Kilobyte {
    char bytes[1024];
  };
  std::vector<Kilobyte> kilobytes_{256};
  std::span<char> bytes_{kilobytes_.front().bytes, kilobytes_.size() * sizeof(Kilobyte)};
  std::size_t at_ = 1024;
};

// The same whether the pages are of a small map or of a large one.
std::vector<std::string> Streamed(const Memory& memory, const std::vector<const Page*>& pages) {
  std::vector<std::string> keys[2];
  for (const std::uint64_t more : {0, 1}) {
    const auto visit = [&](const Record& record) { keys[more].emplace_back(record.key()); };
    RecordStream stream(memory.base(), RecordStream<decltype(visit)>::kNearPages + more, visit);
    for (const Page* page : pages) stream.Add(*page);
    stream.End();
  }
  EXPECT_EQ(keys[0], keys[1]);
  return keys[0];
}

TEST(RecordStream, VisitsNothingOfNoPages) {
  EXPECT_TRUE(Streamed(Memory(), {}).empty());
}

TEST(RecordStream, VisitsEveryPagesRecordsInOrder) {
  Memory memory;
  std::vector<const Page*> pages;
  std::vector<std::string> expected;
  std::uint32_t number = 0;
  for (const int entries : {3, 0, 1, 104, 0, 0, 2}) {
    Page& page = memory.MakePage();
    for (int i = 0; i < entries; ++i) {
      expected.push_back(std::to_string(number));
      // Home buckets in rising order, so that the order of slots is that of placing.
      PlaceEntry(page, HashParts(static_cast<std::uint64_t>(i * 16 / 104)),
                 memory.MakeRecord(number++));
    }
    pages.push_back(&page);
  }
  EXPECT_EQ(Streamed(memory, pages), expected);
}

TEST(RecordStream, AnOverflowPageComesAfterItsPage) {
  Memory memory;
  Page& first = memory.MakePage();
  Page& more = memory.MakePage();
  Page& second = memory.MakePage();
  PlaceEntry(first, HashParts(0), memory.MakeRecord(1));
  PlaceEntry(more, HashParts(0), memory.MakeRecord(2));
  PlaceEntry(second, HashParts(0), memory.MakeRecord(3));
  first.set_overflow(memory.RefOf(more));
  EXPECT_EQ(Streamed(memory, {&first, &second}), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(Streamed(memory, {&second, &first}), (std::vector<std::string>{"3", "1", "2"}));
}

}  // namespace
}  // namespace portolan::mapcore::hmap
