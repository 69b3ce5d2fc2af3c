// What is fast where it may be, and the same results where it may not: low limits, no huge pages,
// no locks. The restrictions are set in a child process, which ends with 0 when all went well.
#include "mapcore/fast_paths.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "mapcore/hmap.h"
#include "mapcore/image_index.h"
#include "mapcore/shared/make_map.h"
#include "tests/mapcore/shared/refuse_membarrier.h"

namespace portolan::mapcore {
namespace {

using Circuit = FastPathState::Circuit;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

Status Right() {
  return {};
}

FastPaths::Probes AllRight() {
  return {Right, Right, Right, Right};
}

TEST(FastPaths, EachIsProbedOnceAndSaysWhyItIsNotTaken) {
  int probed = 0;
  FastPaths::Probes probes = AllRight();
  probes[1] = [&]() -> Status {
    ++probed;
    return Error{ErrorCode::kUnavailable, "the kernel is old"};
  };
  probes[2] = []() -> Status { return Error{ErrorCode::kInternal, "2 + 2 is 5"}; };
  FastPaths paths(probes);
  EXPECT_TRUE(paths.Take(FastPath::kSimdProbe));
  EXPECT_FALSE(paths.Take(FastPath::kMembarrier));
  EXPECT_FALSE(paths.Take(FastPath::kMembarrier));
  EXPECT_EQ(probed, 1);
  const auto states = paths.states();
  EXPECT_EQ(states[0].circuit, Circuit::kFast);
  EXPECT_EQ(states[0].fast, 1u);
  EXPECT_EQ(states[1].circuit, Circuit::kPortable);
  EXPECT_EQ(states[1].fallbacks, 2u);
  EXPECT_EQ(states[1].reason, "the kernel is old");
  EXPECT_EQ(states[2].circuit, Circuit::kOpen);
  EXPECT_EQ(states[2].reason, "2 + 2 is 5");
}

TEST(FastPaths, AWrongResultInASelfCheckOpensTheCircuitForGood) {
  bool right = true;
  FastPaths::Probes probes = AllRight();
  probes[0] = [&]() -> Status {
    if (right) return {};
    return Error{ErrorCode::kInternal, "wrong"};
  };
  FastPaths paths(probes);
  EXPECT_TRUE(paths.SelfCheck());
  EXPECT_TRUE(paths.Take(FastPath::kSimdProbe));
  right = false;
  EXPECT_FALSE(paths.SelfCheck());
  EXPECT_FALSE(paths.Take(FastPath::kSimdProbe));
  right = true;
  EXPECT_TRUE(paths.SelfCheck());
  EXPECT_FALSE(paths.Take(FastPath::kSimdProbe));
  EXPECT_EQ(paths.states()[0].circuit, Circuit::kOpen);
  EXPECT_TRUE(paths.Take(FastPath::kMembarrier));
}

TEST(FastPaths, TheMachinesComparisonOfEightSlotsIsRight) {
  const FastPaths paths;
  EXPECT_EQ(paths.available(FastPath::kSimdProbe), kImageSimdCompiled);
  EXPECT_NE(paths.states()[0].circuit, Circuit::kOpen);
}

// A map of 20,000 entries by every way of sharing, under whatever the process may not do.
bool ServesEverything(FastPaths& paths) {
  MapServices services;
  services.fast_paths = &paths;
  services.map.seed = 1;
  services.map.memory.lock_memory = true;
  for (const std::uint32_t writers : {1u, 4u, 9u}) {
    auto map = MakeMap({5'000, MapDemand::Lifetime::kLong, writers}, services);
    if (!map.ok()) return false;
    const auto session = (*map)->Open();
    std::string value;
    for (int i = 0; i < 20'000; ++i)
      if (!session->Put(std::to_string(i), "value").ok()) return false;
    for (int i = 0; i < 20'000; ++i)
      if (session->Find(std::to_string(i), value) != Found::kHit) return false;
  }
  return true;
}

// Leaves the process `bytes` of address space besides what it has.
bool LeaveAddressSpace(std::uint64_t bytes) {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  struct rlimit limit {};
  limit.rlim_cur = limit.rlim_max = pages * static_cast<std::uint64_t>(getpagesize()) + bytes;
  return setrlimit(RLIMIT_AS, &limit) == 0;
}

[[noreturn]] void End(bool well) {
  _exit(well ? 0 : 1);
}

TEST(MemoryPressure, MapsServeWithLittleAddressSpace) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space";
  EXPECT_EXIT(
      {
        const bool set = LeaveAddressSpace(200 << 20);
        FastPaths paths;
        // A map asks for 1 GiB, and takes what there is.
        End(set && ServesEverything(paths));
      },
      testing::ExitedWithCode(0), "");
}

TEST(MemoryPressure, AMapThatGetsNoAddressSpaceIsAnErrorNotACrash) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space";
  EXPECT_EXIT(
      {
        const bool set = LeaveAddressSpace(1 << 20);
        const auto map = Hmap::Create();
        End(set && !map.ok() && map.error().code == ErrorCode::kExhausted);
      },
      testing::ExitedWithCode(0), "");
}

TEST(MemoryPressure, MapsServeWithoutHugePages) {
  EXPECT_EXIT(
      {
        const bool set = prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0;
        FastPaths paths;
        const bool refused = !paths.available(FastPath::kHugePages);
        End(set && refused && ServesEverything(paths) &&
            paths.states()[static_cast<std::size_t>(FastPath::kHugePages)].fallbacks == 3);
      },
      testing::ExitedWithCode(0), "");
}

// The kernel's flags of the mapping that an address is in: "hg" where huge pages were asked for.
std::string MappingFlags(const char* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx ", &begin, &end) == 2)
      inside = begin <= address && address < end;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(MemoryPressure, HugePagesAreAskedForWhereAMapMayHaveThem) {
  FastPaths paths;
  if (!paths.available(FastPath::kHugePages)) GTEST_SKIP() << "this machine has none";
  constexpr std::size_t kFirstHuge = std::size_t{2} << 20;
  const Hmap with = Hmap::Create({.memory = {.reserve_bytes = 8 << 20}}).value();
  const Hmap without =
      Hmap::Create({.memory = {.reserve_bytes = 8 << 20, .huge_pages = false}}).value();
  EXPECT_NE(MappingFlags(with.lineage().base() + kFirstHuge).find(" hg "), std::string::npos);
  EXPECT_EQ(MappingFlags(without.lineage().base() + kFirstHuge).find(" hg "), std::string::npos);
}

TEST(MemoryPressure, MapsServeWhereMemoryMayNotBeLocked) {
  EXPECT_EXIT(
      {
        struct rlimit limit {};
        bool set = setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
        if (geteuid() == 0) set = setuid(65'534) == 0 && set;  // root may lock whatever the limit
        FastPaths paths;
        const bool refused = !paths.available(FastPath::kMemoryLock);
        const bool serves = ServesEverything(paths);
        End(set && refused && serves &&
            paths.states()[static_cast<std::size_t>(FastPath::kMemoryLock)].fallbacks == 3);
      },
      testing::ExitedWithCode(0), "");
}

// Made with the barrier, which is then taken away: they serve, and take fences in its place. A
// session that has not looked since holds up what is replaced.
bool ServesWhenTheBarrierIsTakenAway() {
  FastPaths paths;
  MapServices services;
  services.fast_paths = &paths;
  bool well = true;
  std::vector<std::unique_ptr<SharedMap>> maps;
  for (const std::uint32_t writers : {1u, 4u})
    maps.push_back(MakeMap({5'000, MapDemand::Lifetime::kLong, writers}, services).value());
  std::string value;
  const auto overwrite = [&](SharedMap& map) {
    const auto session = map.Open();
    bool right = true;
    for (int i = 0; i < 5'000; ++i) {
      right = session->Put("a", std::to_string(i)).ok() && right;
      right = session->Find("a", value) == Found::kHit && value == std::to_string(i) && right;
    }
    return right;
  };
  std::vector<std::unique_ptr<MapSession>> sessions;
  for (const auto& map : maps) {
    sessions.push_back(map->Open());
    well = overwrite(*map) && !map->barrier_lost() && map->waiting().blocks < 4'000 && well;
  }
  if (!RefuseMembarrier()) return false;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    well = overwrite(*maps[i]) && maps[i]->barrier_lost() && well;
    well = maps[i]->waiting().blocks > 4'000 && well;
    well = sessions[i]->Find("a", value) == Found::kHit && value == "4999" && well;
    for (int round = 0; round < 10 && maps[i]->waiting().blocks > 4'096; ++round)
      well = overwrite(*maps[i]) && well;
    well = maps[i]->waiting().blocks <= 4'096 && well;
  }
  well = !paths.SelfCheck() && !paths.available(FastPath::kMembarrier) && well;
  const auto anew = MakeMap({5'000, MapDemand::Lifetime::kLong, 1}, services).value();
  return overwrite(*anew) && !anew->barrier_lost() && anew->waiting().blocks < 4'000 && well;
}

TEST(MemoryPressure, MapsWhoseBarrierIsTakenAwayGoOverToFences) {
  if (!FastPaths().available(FastPath::kMembarrier)) GTEST_SKIP() << "this machine has none";
  EXPECT_EXIT(_exit(ServesWhenTheBarrierIsTakenAway() ? 0 : 1), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace portolan::mapcore
