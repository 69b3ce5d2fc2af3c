#include "mapcore/hmap/epoch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
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

// Whoever was made before may be in a scope that nobody sees, until it says that it fences.
bool GoesOverToFencesWhenItsBarrierIsTakenAway() {
  ReaderDomain domain;
  ReaderDomain portable(ReaderDomain::Fences::kPortable);
  auto gone = std::make_unique<Reader>(domain);
  Reader first(domain);
  Reader second(domain);
  { const ReadScope scope(first); }
  bool well = domain.Advance() > 0 && domain.uses_membarrier() && !domain.barrier_lost();
  if (!RefuseMembarrier()) return false;
  well = domain.Advance() == 0 && domain.barrier_lost() && !domain.uses_membarrier() && well;
  { const ReadScope scope(first); }
  const Reader later(domain);
  gone.reset();
  well = domain.Advance() == 0 && well;  // for the second
  {
    const std::uint32_t unlinked = domain.epoch();
    const ReadScope scope(second);
    well = domain.Advance() == unlinked - 1 && well;
  }
  const std::uint32_t unlinked = domain.epoch();
  well = domain.Advance() == unlinked && well;
  return portable.Advance() > 0 && !portable.barrier_lost() && !ReaderDomain().uses_membarrier() &&
         ReaderDomain().Advance() > 0 && well;
}

TEST(ReaderDomain, GoesOverToFencesWhenItsBarrierIsTakenAway) {
  if (!ReaderDomain().uses_membarrier()) GTEST_SKIP() << "this machine has none";
  EXPECT_EXIT(_exit(GoesOverToFencesWhenItsBarrierIsTakenAway() ? 0 : 1),
              testing::ExitedWithCode(0), "");
}

// The last epoch is not left any more: it would come again, and readers pass for those of old.
TEST(ReaderDomain, StaysInItsLastEpochAndThereWaitsUntilNobodyReads) {
  for (const auto fences : {ReaderDomain::Fences::kProbe, ReaderDomain::Fences::kPortable}) {
    ReaderDomain domain(fences, UINT32_MAX - 3);
    Reader reader(domain);
    for (int i = 0; i < 10; ++i) EXPECT_GE(domain.Advance(), UINT32_MAX - 3);
    EXPECT_EQ(domain.epoch(), UINT32_MAX - 1);
    const std::uint32_t unlinked = domain.epoch();
    {
      const ReadScope scope(reader);
      for (int i = 0; i < 3; ++i) EXPECT_LT(domain.Advance(), unlinked);
      EXPECT_GT(domain.Advance(), 0u);
    }
    EXPECT_GE(domain.Advance(), unlinked);
  }
}

}  // namespace
}  // namespace portolan::mapcore::hmap
