#include "mapcore/map_door.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "mapcore/base/random.h"

namespace portolan::mapcore {
namespace {

using Contents = std::map<std::string, std::string>;

std::string Shown(std::optional<std::string_view> value) {
  return value ? "\"" + std::string(*value) + "\"" : "nothing";
}

// A mirror that can fail at a chosen event: before it does anything, after it did all, by an error
// or by throwing.
class Mirror : public ChangeAware {
 public:
  enum class Way { kErrorBefore, kErrorAfter, kThrowBefore, kThrowAfter };

  Status OnChange(const MapEvent& event) override {
    const bool fails = countdown >= 0 && countdown-- == 0;
    if (fails) PORTOLAN_CHECK(Fail(Way::kErrorBefore, Way::kThrowBefore));
    log.push_back(std::to_string(event.version) + " " + std::string(event.key) + " " +
                  Shown(event.before) + " -> " + Shown(event.after));
    if (event.after)
      contents[std::string(event.key)] = *event.after;
    else
      contents.erase(std::string(event.key));
    if (fails) PORTOLAN_CHECK(Fail(Way::kErrorAfter, Way::kThrowAfter));
    return {};
  }
  Status OnReset() override {
    const bool fails = countdown >= 0 && countdown-- == 0;
    if (fails) PORTOLAN_CHECK(Fail(Way::kErrorBefore, Way::kThrowBefore));
    log.push_back("reset");
    contents.clear();
    if (fails) PORTOLAN_CHECK(Fail(Way::kErrorAfter, Way::kThrowAfter));
    return {};
  }

  Contents contents;
  std::vector<std::string> log;
  int countdown = -1;  // events until it fails; below 0 it does not
  Way way = Way::kErrorBefore;

 private:
  Status Fail(Way error, Way exception) const {
    if (way == exception) throw std::runtime_error("the mirror broke");
    if (way == error) return Error{ErrorCode::kUnavailable, "the mirror is full"};
    return {};
  }
};

class Door : public testing::Test {
 protected:
  Contents MapContents() {
    Contents contents;
    door_->TakeSnapshot(0).value().ForEach(
        [&](const hmap::Record& record) { contents.emplace(record.key(), record.value()); });
    return contents;
  }
  const std::unique_ptr<MapDoor> door_ =
      MapDoor::Create({.seed = 1},
                      {.limits = {.key_bytes_max = 8, .value_bytes_max = 16}, .entries_max = 500})
          .value();
};

TEST_F(Door, RefusesWhatMustNotEnterAndTellsNobody) {
  Mirror mirror;
  door_->Subscribe(mirror);
  mirror.log.clear();
  ASSERT_TRUE(door_->Put("a", "1").ok());
  for (const auto& refused :
       {door_->Put({}, "1"), door_->Put("", "1"), door_->Put("a", {}),
        door_->Put(std::string(9, 'k'), "1"), door_->Put("a", std::string(17, 'v')),
        door_->Erase({}), door_->Erase("")})
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(door_->version(), 1u);
  EXPECT_EQ(door_->Find("a"), "1");
  EXPECT_EQ(mirror.log, std::vector<std::string>{"1 a nothing -> \"1\""});
}

TEST_F(Door, RefusesMoreEntriesThanItMayHave) {
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(*door_->Put(std::to_string(i), "v"));
  const auto refused = door_->Put("more", "v");
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(refused.error().message,
            "expected a map of at most 500 entries, found one more; erase some first");
  EXPECT_FALSE(*door_->Put("7", "changed"));
  EXPECT_TRUE(*door_->Erase("7"));
  EXPECT_TRUE(*door_->Put("more", "v"));
}

TEST_F(Door, CountsItsVersionsFromWhereItIsTold) {
  const auto door = MapDoor::Create({.seed = 1}, {.version = 41}).value();
  ASSERT_TRUE(door->Put("a", "1").ok());
  EXPECT_EQ(door->version(), 42u);
  EXPECT_EQ(door->TakeSnapshot(0)->version(), 42u);
}

TEST_F(Door, TellsEveryChangeInOrderWithWhatWasBefore) {
  Mirror mirror;
  const auto id = door_->Subscribe(mirror);
  ASSERT_TRUE(*door_->Put("a", "1"));
  ASSERT_FALSE(*door_->Put("a", "1"));  // no change, no version
  ASSERT_FALSE(*door_->Put("a", ""));
  ASSERT_FALSE(*door_->Erase("b"));
  ASSERT_TRUE(*door_->Erase("a"));
  EXPECT_EQ(mirror.log, (std::vector<std::string>{"reset", "1 a nothing -> \"1\"",
                                                  "2 a \"1\" -> \"\"", "3 a \"\" -> nothing"}));
  EXPECT_EQ(door_->StateOf(id)->version, 3u);
  EXPECT_EQ(door_->version(), 3u);
}

// What is given may lie in the record that the change replaces.
TEST_F(Door, TellsWhatWasGivenThoughItLayInTheMap) {
  Mirror mirror;
  door_->Subscribe(mirror);
  for (std::size_t n = 2; n < 8; ++n) {
    const std::string text(n, static_cast<char>('a' + n));
    ASSERT_TRUE(door_->Put("k", text).ok());
    ASSERT_TRUE(door_->Put("k", door_->Find("k")->substr(1)).ok());
    ASSERT_EQ(mirror.contents, MapContents()) << n;
    ASSERT_TRUE(door_->Put(text, text).ok());
    ASSERT_TRUE(door_->Erase(*door_->Find(text)).ok());
    ASSERT_EQ(mirror.contents, MapContents()) << n;
  }
}

TEST_F(Door, ANewObserverIsToldTheWholeMap) {
  ASSERT_TRUE(door_->Put("a", "1").ok());
  ASSERT_TRUE(door_->Put("b", "2").ok());
  Mirror mirror;
  mirror.contents["stale"] = "x";
  door_->Subscribe(mirror);
  EXPECT_EQ(mirror.contents, MapContents());
}

TEST_F(Door, AnObserverOfASnapshotIsToldWhatDiffers) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(door_->Put(std::to_string(i), "v").ok());
  Mirror mirror;
  const Snapshot snapshot = door_->TakeSnapshot(0).value();
  mirror.contents = MapContents();
  ASSERT_TRUE(door_->Put("7", "changed").ok());
  ASSERT_TRUE(door_->Erase("8").ok());
  door_->Subscribe(mirror, snapshot);
  EXPECT_EQ(mirror.log.size(), 2u);
  EXPECT_EQ(mirror.contents, MapContents());
}

TEST_F(Door, AnObserverThatFailsHoldsUpNobody) {
  Mirror broken;
  Mirror sound;
  const auto id = door_->Subscribe(broken);
  door_->Subscribe(sound);
  broken.countdown = 0;
  broken.way = Mirror::Way::kThrowBefore;
  ASSERT_TRUE(*door_->Put("a", "1"));
  ASSERT_TRUE(*door_->Put("b", "2"));
  EXPECT_EQ(sound.contents, MapContents());
  const ObserverState state = *door_->StateOf(id);
  EXPECT_FALSE(state.following);
  EXPECT_EQ(state.version, 0u);
  EXPECT_EQ(state.failures, 1u);
  EXPECT_EQ(state.last_error, "the mirror broke");
  EXPECT_TRUE(broken.contents.empty());
  EXPECT_TRUE(*door_->Resume(id));
  EXPECT_EQ(broken.contents, MapContents());
  EXPECT_EQ(door_->StateOf(id)->version, 2u);
}

TEST_F(Door, AMirrorThatFailsMidwayInAResumeIsNotLeftBetweenTwoVersions) {
  Mirror mirror;
  const auto id = door_->Subscribe(mirror);
  mirror.countdown = 0;
  ASSERT_TRUE(door_->Put("a", "1").ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(door_->Put(std::to_string(i), "new").ok());
  mirror.countdown = 6;  // some of the ten are in the mirror then
  EXPECT_FALSE(*door_->Resume(id));
  // All go back to what they were at the mirror's last whole version: a comparison with that one
  // would find nothing to tell.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(*door_->Erase(std::to_string(i)));
  EXPECT_TRUE(*door_->Resume(id));
  EXPECT_EQ(mirror.contents, MapContents());
  EXPECT_EQ(mirror.contents.size(), 1u);
}

TEST_F(Door, AnObserverMustNotUseTheDoorItObserves) {
  class Meddler : public ChangeAware {
   public:
    explicit Meddler(MapDoor& door) : door_(door) {}
    Status OnChange(const MapEvent&) override {
      PORTOLAN_CHECK(door_.Put("x", "1"));
      return {};
    }
    Status OnReset() override { return {}; }

   private:
    MapDoor& door_;
  } meddler(*door_);
  const auto id = door_->Subscribe(meddler);
  ASSERT_TRUE(*door_->Put("a", "1"));
  EXPECT_EQ(door_->StateOf(id)->last_error,
            "an observer of the map must not use it; note what to do and do it afterwards");
  EXPECT_EQ(door_->size(), 1u);
}

TEST_F(Door, ResumeNamesAnObserverThatIsNotSubscribed) {
  Mirror mirror;
  const auto id = door_->Subscribe(mirror);
  door_->Unsubscribe(id);
  EXPECT_EQ(door_->Resume(id).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(door_->StateOf(id).has_value());
  ASSERT_TRUE(door_->Put("a", "1").ok());
  EXPECT_TRUE(mirror.contents.empty());
}

// A run of random changes in which the mirror fails at its `position`-th event, is resumed, fails
// at that distance again, and so on; in the end it must equal the map.
void FailAt(int position, Mirror::Way way, std::uint64_t seed) {
  const auto door = MapDoor::Create({.seed = seed}).value();
  Random random(seed);
  const auto change = [&] {
    const std::string key = "k" + std::to_string(random.Below(25));
    ASSERT_TRUE(
        (random.Below(3) == 0 ? door->Erase(key) : door->Put(key, std::to_string(random.Below(4))))
            .ok());
  };
  for (int i = 0; i < 20; ++i) change();
  Mirror mirror;
  mirror.way = way;
  mirror.countdown = position;
  const auto id = door->Subscribe(mirror);
  for (int step = 0; step < 60; ++step) {
    change();
    if (door->StateOf(id)->following || random.Below(4) != 0) continue;
    if (step < 50) mirror.countdown = position;
    ASSERT_TRUE(door->Resume(id).ok());
  }
  mirror.countdown = -1;
  ASSERT_TRUE(*door->Resume(id));
  Contents contents;
  door->TakeSnapshot(0).value().ForEach(
      [&](const hmap::Record& record) { contents.emplace(record.key(), record.value()); });
  ASSERT_EQ(mirror.contents, contents);
  ASSERT_EQ(door->StateOf(id)->version, door->version());
  ASSERT_GT(door->StateOf(id)->failures, 0u);
}

TEST(MapDoor, AMirrorThatFailsAtAnyPositionInAnyWayEndsEqualToTheMap) {
  for (const Mirror::Way way : {Mirror::Way::kErrorBefore, Mirror::Way::kErrorAfter,
                                Mirror::Way::kThrowBefore, Mirror::Way::kThrowAfter})
    for (int position = 0; position < 50; ++position)
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ", position " + std::to_string(position));
        FailAt(position, way, seed);
        if (testing::Test::HasFatalFailure()) return;
      }
}

TEST_F(Door, ResumeTellsOneThatFollowsNothing) {
  Mirror mirror;
  const auto id = door_->Subscribe(mirror);
  ASSERT_TRUE(door_->Put("a", "1").ok());
  mirror.log.clear();
  EXPECT_TRUE(*door_->Resume(id));
  EXPECT_TRUE(mirror.log.empty());
}

}  // namespace
}  // namespace portolan::mapcore
