#include "reconciler/policy/cel/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace portolan::reconciler::cel {
namespace {

TEST(Arena, AlignsWhatItGives) {
  Arena arena;
  for (std::size_t i = 0; i < 200; ++i) {
    arena.Allocate(i % 7 + 1, 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.Allocate(8, 8)) % 8, 0u);
  }
}

TEST(Arena, KeepsWhatItGaveWhileItGrows) {
  Arena arena;
  std::vector<std::string_view> copies;
  for (int i = 0; i < 5000; ++i) copies.push_back(arena.Copy("text " + std::to_string(i)));
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(copies[i], "text " + std::to_string(i));
}

TEST(Arena, TakesWhatIsLargerThanAChunk) {
  Arena arena;
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(arena.Copy(large), large);
  EXPECT_EQ(arena.Copy("after"), "after");
}

TEST(Arena, CountsBytesUntilReset) {
  Arena arena;
  arena.Allocate(100, 1);
  arena.Allocate(100'000, 1);
  EXPECT_EQ(arena.bytes(), 100'100u);
  arena.Reset();
  EXPECT_EQ(arena.bytes(), 0u);
  EXPECT_EQ(arena.Copy("again"), "again");
}

TEST(Arena, AnEvaluationThatOutgrewItTakesNoMoreMemoryTheNextTime) {
  Arena arena;
  arena.Allocate(900, 1);
  arena.Allocate(900, 1);
  arena.Reset();
  const void* const first = arena.Allocate(900, 1);
  const void* const second = arena.Allocate(900, 1);
  EXPECT_EQ(static_cast<const std::byte*>(second) - static_cast<const std::byte*>(first), 900);
  arena.Allocate(1 << 20, 1);
  arena.Reset();
  const auto* const small = static_cast<const std::byte*>(arena.Allocate(8, 8));
  const auto* const object = reinterpret_cast<const std::byte*>(&arena);
  EXPECT_TRUE(small >= object && small < object + sizeof(Arena)) << "what was large is given back";
}

}  // namespace
}  // namespace portolan::reconciler::cel
