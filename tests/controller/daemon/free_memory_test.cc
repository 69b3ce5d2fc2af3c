#include "controller/daemon/free_memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <thread>
#include <vector>

namespace portolan::controller {
namespace {

long ResidentPages() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)
TEST(ReturnFreeMemory, GivesBackWhatLiesBelowAnAddressInUse) {
  constexpr std::size_t kBlocks = 200'000, kBytes = 256;
  std::vector<std::unique_ptr<char[]>> blocks;
  blocks.reserve(kBlocks);
  for (std::size_t i = 0; i < kBlocks; ++i) blocks.push_back(std::make_unique<char[]>(kBytes));
  const std::unique_ptr<char[]> above = std::make_unique<char[]>(kBytes);
  blocks.clear();
  const long kept = ResidentPages();
  ReturnFreeMemory();
  EXPECT_LT(ResidentPages(), kept - static_cast<long>(kBlocks * kBytes / 4096 / 2));
}

// Twice, because glibc keeps a block of the size that was freed before.
TEST(ReturnLargeBlocksAtOnce, LeavesNothingOfABlockThatIsFreed) {
  ReturnLargeBlocksAtOnce();
  const long before = ResidentPages();
  for (int i = 0; i < 2; ++i) {
    std::thread([] {
      std::vector<char> block;
      for (std::size_t megabyte = 1; megabyte <= 27; ++megabyte) block.resize(megabyte << 20, 'x');
    }).join();
  }
  EXPECT_LT(ResidentPages(), before + (4 << 20) / 4096);
}
#endif

}  // namespace
}  // namespace portolan::controller
