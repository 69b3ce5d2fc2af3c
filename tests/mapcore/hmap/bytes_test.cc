#include "mapcore/hmap/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::mapcore::hmap {
namespace {

constexpr std::size_t kLongest = 70;  // on both sides of all that is done by length

// Different at every place, so that a byte that is compared or copied from elsewhere is seen.
std::string Bytes(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>('!' + i);
  return bytes;
}

TEST(SameBytes, SeesEveryByteOfEveryLength) {
  for (std::size_t size = 0; size <= kLongest; ++size) {
    const std::string one = Bytes(size);
    std::string two = one;
    EXPECT_TRUE(SameBytes(one.data(), two.data(), size)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      two[at] = '\0';
      EXPECT_FALSE(SameBytes(one.data(), two.data(), size)) << at << " of " << size;
      two[at] = one[at];
    }
  }
}

TEST(SameBytes, LooksAtNothingBehind) {
  for (std::size_t size = 0; size <= kLongest; ++size)
    EXPECT_TRUE(SameBytes((Bytes(size) + "one").data(), (Bytes(size) + "two").data(), size))
        << size;
}

TEST(CopyBytes, WritesTheBytesAndNothingBehind) {
  for (std::size_t size = 0; size <= kLongest; ++size) {
    const std::string from = Bytes(size);
    std::string to(size + 16, '.');
    CopyBytes(to.data(), from.data(), size);
    EXPECT_EQ(to, from + std::string(16, '.')) << size;
  }
}

}  // namespace
}  // namespace portolan::mapcore::hmap
