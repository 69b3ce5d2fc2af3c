#include "mapcore/hmap/epoch.h"

#include <gtest/gtest.h>

#include <optional>

namespace portolan::mapcore::hmap {
namespace {

TEST(ReaderDomain, SaysThatAllIsPassedWhenNobodyReads) {
  ReaderDomain domain;
  Reader reader(domain);
  const std::uint32_t unlinked = domain.epoch();
  EXPECT_GE(domain.Advance(), unlinked);
}

TEST(ReaderDomain, HoldsBackWhatAReaderMaySee) {
  for (const auto fences : {ReaderDomain::Fences::kProbe, ReaderDomain::Fences::kPortable}) {
    ReaderDomain domain(fences);
    Reader reader(domain);
    std::optional<ReadScope> scope(reader);
    const std::uint32_t unlinked = domain.epoch();
    EXPECT_LT(domain.Advance(), unlinked);
    EXPECT_LT(domain.Advance(), unlinked);
    scope.reset();
    EXPECT_GE(domain.Advance(), unlinked);
  }
}

TEST(ReaderDomain, DoesNotWaitForAReaderThatCameLater) {
  ReaderDomain domain;
  Reader reader(domain);
  const std::uint32_t unlinked = domain.epoch();
  domain.Advance();
  const ReadScope scope(reader);
  EXPECT_GE(domain.Advance(), unlinked);
}

TEST(ReadScope, NestedEndsWithTheOutermost) {
  ReaderDomain domain;
  Reader reader(domain);
  std::optional<ReadScope> outer(reader);
  { const ReadScope inner(reader); }
  const std::uint32_t unlinked = domain.epoch();
  EXPECT_LT(domain.Advance(), unlinked);
  outer.reset();
  EXPECT_GE(domain.Advance(), unlinked);
}

TEST(Reader, LeavesItsSeatToTheNext) {
  ReaderDomain domain;
  for (int i = 0; i < 1'000; ++i) {
    Reader reader(domain);
    const ReadScope scope(reader);
    EXPECT_LT(domain.Advance(), domain.epoch());
  }
}

TEST(ReaderDomain, FallsBackWhereAskedTo) {
  EXPECT_FALSE(ReaderDomain(ReaderDomain::Fences::kPortable).uses_membarrier());
}

}  // namespace
}  // namespace portolan::mapcore::hmap
