#include "mapcore/shared/make_map.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {
namespace {

using Sharing = MapChoice::Sharing;
using Filling = MapChoice::Filling;
constexpr auto kShort = MapDemand::Lifetime::kShort;
constexpr auto kLong = MapDemand::Lifetime::kLong;

std::string SharingName(Sharing sharing) {
  switch (sharing) {
    case Sharing::kLocked:
      return "locked";
    case Sharing::kEpoch:
      return "epoch";
    case Sharing::kReadMostly:
      return "read-mostly";
    case Sharing::kSharded:
      return "sharded";
  }
  return "";
}

std::string FillingName(Filling filling) {
  switch (filling) {
    case Filling::kPooled:
      return "pooled";
    case Filling::kPreload:
      return "preload";
    case Filling::kAsync:
      return "async";
    case Filling::kImage:
      return "image";
  }
  return "";
}

std::string Chosen(const MapDemand& demand, std::uint32_t cap = 16) {
  const MapChoice choice = ChooseMap(demand, cap);
  return FillingName(choice.filling) + " " + SharingName(choice.sharing) +
         " parts=" + std::to_string(choice.fill_parts) +
         " shards=" + std::to_string(choice.shards) + (choice.admission ? " admission" : "");
}

TEST(ChooseMap, FollowsTheTable) {
  EXPECT_EQ(Chosen({100, kShort, 1}), "pooled locked parts=1 shards=1");
  EXPECT_EQ(Chosen({10'000, kLong, 1}), "preload epoch parts=1 shards=1");
  EXPECT_EQ(Chosen({10'000, kLong, 2}), "preload epoch parts=1 shards=1");
  EXPECT_EQ(Chosen({10'000, kLong, 8}), "preload read-mostly parts=1 shards=1");
  EXPECT_EQ(Chosen({10'000, kLong, 64}), "preload sharded parts=1 shards=256");
  EXPECT_EQ(Chosen({10'000, kLong, 65}), "preload sharded parts=1 shards=256 admission");
  EXPECT_EQ(Chosen({10'001, kLong, 1}), "async epoch parts=8 shards=1");
  EXPECT_EQ(Chosen({10'001, kLong, 1}, 3), "async epoch parts=3 shards=1");
  EXPECT_EQ(Chosen({10'001, kLong, 1}, 0), "async epoch parts=1 shards=1");
  EXPECT_EQ(Chosen({2'000'001, kLong, 1}), "image epoch parts=1 shards=1");
  EXPECT_EQ(Chosen({2'000'001, kLong, 99}), "image epoch parts=1 shards=1 admission");
}

class MakeMapTest : public testing::Test {
 protected:
  MapServices Services() {
    MapServices services;
    services.fast_paths = &fast_paths_;
    services.source = source_;
    services.executor = &executor_;
    services.pool = &pool_;
    services.clock = &clock_;
    services.image_fd = file_.fd();
    return services;
  }
  static void ExpectServes(SharedMap& map) {
    const auto session = map.Open();
    std::string value;
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(session->Find("key/" + std::to_string(i), value), Found::kHit);
      ASSERT_EQ(value, "value " + std::to_string(i));
    }
    EXPECT_TRUE(*session->Put("more", "1"));
    EXPECT_EQ(session->Find("more", value), Found::kHit);
    EXPECT_EQ(session->Find("absent", value), Found::kMiss);
  }

  FastPaths fast_paths_;
  const std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>(Numbered(100));
  FakeExecutor executor_;
  MapPool pool_{{}};
  FakeMonoClock clock_;
  const MemoryFile file_;
};

TEST_F(MakeMapTest, EveryChoiceServesItsSourceAndTakesWrites) {
  for (const MapDemand& demand :
       {MapDemand{100, kShort, 1}, MapDemand{100, kLong, 1}, MapDemand{100, kLong, 4},
        MapDemand{100, kLong, 20}, MapDemand{100, kLong, 99}, MapDemand{50'000, kLong, 1},
        MapDemand{3'000'000, kLong, 1}}) {
    const auto map = MakeMap(demand, Services());
    ASSERT_TRUE(map.ok()) << map.error().message;
    ExpectServes(**map);
  }
  EXPECT_EQ(pool_.stats().made, 1u);
}

TEST_F(MakeMapTest, AMapOfManyWritersServesWithinALittleMemory) {
  MapServices services = Services();
  services.map.memory.limit_bytes = 8 << 20;
  const auto map = MakeMap({100, kLong, 99}, services);
  ASSERT_TRUE(map.ok()) << map.error().message;
  ExpectServes(**map);
}

TEST_F(MakeMapTest, AMiddleMapIsUsableBeforeTheExecutorRan) {
  const auto map = MakeMap({50'000, kLong, 1}, Services()).value();
  EXPECT_EQ(executor_.tasks.size(), 8u);
  ExpectServes(*map);
  while (!executor_.tasks.empty()) executor_.RunNext();
  EXPECT_TRUE(static_cast<FilledMap&>(*map).progress().complete());
}

TEST_F(MakeMapTest, AMiddleMapWithoutAnExecutorIsFilledWhenItReturns) {
  MapServices services = Services();
  services.executor = nullptr;
  const auto map = MakeMap({50'000, kLong, 1}, services).value();
  EXPECT_TRUE(static_cast<FilledMap&>(*map).progress().complete());
  EXPECT_EQ(map->size(), 100u);
}

TEST_F(MakeMapTest, ALargeMapIsMappedAgainWithoutItsSource) {
  ASSERT_TRUE(MakeMap({3'000'000, kLong, 1}, Services()).ok());
  MapServices services = Services();
  services.source = nullptr;
  const auto map = MakeMap({3'000'000, kLong, 1}, services);
  ASSERT_TRUE(map.ok()) << map.error().message;
  ExpectServes(**map);
}

TEST_F(MakeMapTest, RefusesAFileThatIsNoImage) {
  file_.Write("something else, which nobody wants to lose");
  const auto map = MakeMap({3'000'000, kLong, 1}, Services());
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(file_.Read(), "something else, which nobody wants to lose");
}

TEST_F(MakeMapTest, RefusesASourceWithAnEntryOverTheLimits) {
  MapServices services = Services();
  services.limits.value_bytes_max = 7;
  services.executor = nullptr;
  for (const MapDemand& demand : {MapDemand{100, kShort, 1}, MapDemand{100, kLong, 1},
                                  MapDemand{50'000, kLong, 1}, MapDemand{3'000'000, kLong, 1}}) {
    const auto map = MakeMap(demand, services);
    ASSERT_FALSE(map.ok());
    EXPECT_EQ(map.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(map.error().message, "key \"key/10\": expected a value of at most 7 bytes, found 8");
  }
}

TEST_F(MakeMapTest, SaysThatAnImageCannotBeWritten) {
  const int read_only = open("/dev/null", O_RDONLY | O_CLOEXEC);
  MapServices services = Services();
  services.image_fd = read_only;
  const auto map = MakeMap({3'000'000, kLong, 1}, services);
  close(read_only);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().code, ErrorCode::kUnavailable) << map.error().message;
}

// Files of this process end at `bytes`, as those of a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit full{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*const handler_)(int);
  rlimit before_{};
};

TEST_F(MakeMapTest, AnImageForWhichTheDiskWasFullIsWrittenWhenThereIsRoom) {
  ErrorCode refused{};
  {
    const FullDisk full(1'000);
    refused = MakeMap({3'000'000, kLong, 1}, Services()).error().code;
  }
  EXPECT_EQ(refused, ErrorCode::kExhausted);
  const auto map = MakeMap({3'000'000, kLong, 1}, Services());
  ASSERT_TRUE(map.ok()) << map.error().message;
  ExpectServes(**map);
}

TEST_F(MakeMapTest, NamesTheServiceThatIsMissing) {
  const auto message = [](const MapDemand& demand, const MapServices& services) {
    const auto map = MakeMap(demand, services);
    return map.ok() ? "made" : map.error().message;
  };
  MapServices none;
  EXPECT_EQ(message({}, none), "making a map: expected fast paths for any map, found none");
  none.fast_paths = &fast_paths_;
  EXPECT_EQ(message({}, none), "made");
  EXPECT_EQ(message({1, kShort, 1}, none),
            "making a map: expected a pool for a map of short life, found none");
  EXPECT_EQ(message({3'000'000, kLong, 1}, none),
            "making a map: expected a file for an image for a large map, found none");
  EXPECT_EQ(message({1, kLong, 99}, none),
            "making a map: expected a clock for a map that admits writes by rate, found none");
}

// How many of the process's mappings huge pages were asked for.
int HugeMappings() {
  std::ifstream maps("/proc/self/smaps");
  int count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.starts_with("VmFlags:") && (line + " ").find(" hg ") != std::string::npos;
  return count;
}

// Counts them while it is read.
class LookingSource : public FakeSource {
 public:
  LookingSource() : FakeSource(Numbered(100)) {}
  Status Read(std::uint32_t part, std::uint32_t parts, const Visit& visit) override {
    huge_mappings = HugeMappings();
    return FakeSource::Read(part, parts, visit);
  }
  int huge_mappings = -1;
};

TEST_F(MakeMapTest, APooledMapAndOneThatAnImageIsWrittenOfAskForHugePagesOnlyWhereTheyMay) {
  if (!fast_paths_.available(FastPath::kHugePages)) GTEST_SKIP() << "this machine has none";
  const auto source = std::make_shared<LookingSource>();
  for (const MapDemand& demand : {MapDemand{100, kShort, 1}, MapDemand{3'000'000, kLong, 1}}) {
    FastPaths fast_paths;
    const MemoryFile file;
    MapServices services = Services();
    services.fast_paths = &fast_paths;
    services.source = source;
    services.image_fd = file.fd();
    const int before = HugeMappings();
    ASSERT_TRUE(MakeMap(demand, services).ok());
    EXPECT_GT(source->huge_mappings, before);
    // The pool rests with the map that was made with them.
    fast_paths.Fail(FastPath::kHugePages, "a test says so");
    file.Write("");
    ASSERT_TRUE(MakeMap(demand, services).ok());
    EXPECT_EQ(source->huge_mappings, before);
  }
}

TEST_F(MakeMapTest, TakesThePortableWayWhereAFastPathIsOpen) {
  fast_paths_.Fail(FastPath::kMembarrier, "a test says so");
  fast_paths_.Fail(FastPath::kMemoryLock, "a test says so");
  fast_paths_.Fail(FastPath::kSimdProbe, "a test says so");
  MapServices services = Services();
  services.map.memory.lock_memory = true;
  ExpectServes(*MakeMap({100, kLong, 1}, services).value());
  ExpectServes(*MakeMap({3'000'000, kLong, 1}, services).value());
  for (const FastPathState& state : fast_paths_.states()) {
    if (state.path == FastPath::kHugePages) continue;
    EXPECT_GT(state.fallbacks, 0u) << FastPathName(state.path);
    EXPECT_EQ(state.fast, 0u) << FastPathName(state.path);
  }
}

}  // namespace
}  // namespace portolan::mapcore
