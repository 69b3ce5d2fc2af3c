// What goes to the heap, counted by replacing operator new in this program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "mapcore/hmap.h"

namespace {

thread_local std::uint64_t t_allocations = 0;

void* Counted(std::size_t bytes) {
  ++t_allocations;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* block = Counted(bytes)) return block;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return Counted(bytes);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}

namespace portolan::mapcore {
namespace {

TEST(HmapAllocations, LookupsAndWritesMakeNone) {
  Hmap map = Hmap::Create({.seed = 1}).value();
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("key/" + std::to_string(i));
  const std::uint64_t before = t_allocations;
  std::uint64_t found = 0;
  for (const std::string& key : keys) (void)map.Put(key, "value");
  for (const std::string& key : keys) (void)map.Put(key, "another value");
  for (const std::string& key : keys) found += map.Find(key).has_value() + map.Contains("absent");
  for (const std::string& key : keys) (void)map.Erase(key);
  EXPECT_EQ(t_allocations, before);
  EXPECT_EQ(found, 10'000u);
}

TEST(HmapAllocations, SnapshotsMakeOneInSixteen) {
  Hmap map = Hmap::Create({.seed = 1}).value();
  std::vector<Snapshot> snapshots;
  snapshots.reserve(1'600);
  const std::uint64_t before = t_allocations;
  for (int i = 0; i < 1'600; ++i) snapshots.push_back(map.TakeSnapshot(1, 0).value());
  EXPECT_LE(t_allocations - before, 100u);
  snapshots.clear();
  const std::uint64_t again = t_allocations;
  for (int i = 0; i < 1'600; ++i) snapshots.push_back(map.TakeSnapshot(1, 0).value());
  EXPECT_EQ(t_allocations, again) << "released ones are used again";
}

}  // namespace
}  // namespace portolan::mapcore
