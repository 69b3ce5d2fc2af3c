#include "mapcore/hmap/epoch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "tests/mapcore/shared/refuse_membarrier.h"

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

TEST(ReaderDomain, SaysThatNothingIsFreedAnyMoreWhenItsBarrierIsTakenAway) {
  if (!ReaderDomain().uses_membarrier()) GTEST_SKIP() << "this machine has none";
  EXPECT_EXIT(
      {
        ReaderDomain domain;
        ReaderDomain portable(ReaderDomain::Fences::kPortable);
        const bool worked = domain.Advance() > 0 && !domain.failed();
        const bool refused = RefuseMembarrier();
        const bool stopped = domain.Advance() == 0 && domain.failed() && domain.Advance() == 0;
        const bool others = portable.Advance() > 0 && !portable.failed() &&
                            !ReaderDomain().uses_membarrier() && ReaderDomain().Advance() > 0;
        _exit(worked && refused && stopped && others ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace portolan::mapcore::hmap
