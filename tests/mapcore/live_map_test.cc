#include "mapcore/live_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace portolan::mapcore {
namespace {

VersionPtr Single(const std::string& value) {
  return *MapVersion::FromEntries({{"key", value}});
}

LiveState Stable(const std::string& value) {
  LiveState state;
  state.stable = Single(value);
  return state;
}

// A state whose parts all name the same generation.
LiveState Generation(int number) {
  LiveState state;
  state.stable = Single("stable " + std::to_string(number));
  state.canary = Single("canary " + std::to_string(number));
  state.split.weight = static_cast<std::uint32_t>(number) % kWeightMax;
  state.split.salt = std::to_string(number);
  state.rollout = "map#" + std::to_string(number);
  return state;
}

bool IsOneGeneration(const LiveState& state) {
  const std::string& number = state.split.salt;
  return state.stable->Find("key") == "stable " + number &&
         state.canary->Find("key") == "canary " + number &&
         std::to_string(state.split.weight) == number && state.rollout == "map#" + number;
}

TEST(LiveState, ServesStableWithoutACanaryWhateverTheWeight) {
  LiveState state = Stable("1");
  state.split.weight = kWeightMax;
  const LiveState::Choice choice = state.Choose({"user-1", {}});
  EXPECT_EQ(choice.version, state.stable.get());
  EXPECT_EQ(choice.assignment.arm, Arm::kStable);
  EXPECT_EQ(choice.assignment.reason, AssignReason::kStatic);
}

TEST(LiveState, ChoosesTheVersionOfTheAssignedArm) {
  LiveState state = Stable("1");
  state.canary = Single("2");
  state.split = {.weight = 10'110, .salt = "m1"};  // user-1's bucket is 10109, user-2's 68678
  EXPECT_EQ(state.Choose({"user-1", {}}).version, state.canary.get());
  EXPECT_EQ(state.Choose({"user-2", {}}).version, state.stable.get());
  EXPECT_EQ(state.Choose({"", {}}).assignment.reason, AssignReason::kNoSubject);
}

TEST(LiveState, HasNoVersionBeforeTheFirst) {
  EXPECT_EQ(LiveState().Choose({"user-1", {}}).version, nullptr);
}

TEST(LiveState, ReadsAnOverlaidEntryOnBothArmsAndTheOthersFromTheVersion) {
  LiveState state;
  state.stable = *MapVersion::FromEntries({{"a", "1"}, {"c", "3"}});
  state.canary = *MapVersion::FromEntries({{"a", "10"}, {"c", "30"}});
  state.overlay = *MapVersion::FromEntries({{"b", "2"}, {"c", "override"}, {"d", "4"}});
  EXPECT_EQ(state.Find(*state.stable, "c"), "override");
  EXPECT_EQ(state.Find(*state.canary, "c"), "override");
  EXPECT_EQ(state.Find(*state.canary, "a"), "10");
  EXPECT_TRUE(state.Overrides("c"));
  EXPECT_FALSE(state.Overrides("a"));
  std::string seen;
  state.ForEach(*state.stable, [&seen](std::string_view key, std::string_view value) {
    seen += std::string(key) + "=" + std::string(value) + " ";
  });
  EXPECT_EQ(seen, "a=1 b=2 c=override d=4 ");
}

TEST(LiveState, ComparesWhatBothArmsWouldAnswerAndAnOverrideHidesBoth) {
  LiveState state;
  state.stable = *MapVersion::FromEntries({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  state.CompareArms("a");
  state.dual_run = std::make_shared<DualRun>(kWeightMax);
  state.CompareArms("a");
  EXPECT_EQ(state.dual_run->Take().compared, 0) << "without a canary there is nothing to compare";
  state.canary = *MapVersion::FromEntries({{"a", "1"}, {"b", "2"}});
  state.overlay = *MapVersion::FromEntries({{"c", "override"}});
  for (const std::string_view key : {"a", "b", "c", "d"}) state.CompareArms(key);
  const DualRun::Counts counts = state.dual_run->Take();
  EXPECT_EQ(counts.compared, 4);
  EXPECT_EQ(counts.keys, (std::vector<DualRun::KeyCounts>{{"b", 1, 0}}));
}

TEST(LiveState, OverridesNothingWithoutAnOverlay) {
  const LiveState state = Stable("1");
  EXPECT_FALSE(state.Overrides("key"));
  EXPECT_EQ(state.Find(*state.stable, "key"), "1");
}

TEST(ReadGuard, ReadsTheCatalogAsItWasAtTheFirstFind) {
  Catalog catalog;
  catalog.Publish("limits", Stable("1"));
  catalog.Publish("routes", Stable("1"));
  ReadGuard before;
  EXPECT_EQ(catalog.Find(before, "limits")->stable->Find("key"), "1");
  catalog.Publish({{"limits", Stable("2")}, {"prices", Stable("2")}, {"routes", Stable("2")}});
  EXPECT_EQ(catalog.Find(before, "routes")->stable->Find("key"), "1");
  EXPECT_EQ(catalog.Find(before, "prices"), nullptr);
  ReadGuard after;
  for (const char* map : {"limits", "prices", "routes"})
    EXPECT_EQ(catalog.Find(after, map)->stable->Find("key"), "2");
}

TEST(ReadGuard, KeepsWhatItReachedAndNoLonger) {
  Catalog catalog;
  catalog.Publish("limits", Stable("1"));
  std::weak_ptr<const MapVersion> version;
  {
    ReadGuard guard;
    const LiveState* state = catalog.Find(guard, "limits");
    version = state->stable;
    catalog.Publish("limits", Stable("2"));
    EXPECT_EQ(state->stable->Find("key"), "1");
  }
  EXPECT_TRUE(version.expired());
}

TEST(Catalog, PublishesABatchInAnyOrderAndTheLaterOfTwoStatesOfOneMap) {
  Catalog catalog;
  catalog.Publish({{"b", Stable("1")}, {"d", Stable("1")}});
  catalog.Publish({{"e", Stable("2")}, {"a", Stable("2")}, {"d", Stable("2")}, {"d", Stable("3")}});
  catalog.Publish(std::vector<NamedState>());
  EXPECT_EQ(catalog.Names(), (std::vector<std::string>{"a", "b", "d", "e"}));
  ReadGuard guard;
  EXPECT_EQ(catalog.Find(guard, "a")->stable->Find("key"), "2");
  EXPECT_EQ(catalog.Find(guard, "b")->stable->Find("key"), "1");
  EXPECT_EQ(catalog.Find(guard, "d")->stable->Find("key"), "3");
}

TEST(Catalog, FindsMapsByNameAndListsThemSorted) {
  Catalog catalog;
  catalog.Publish("routes", Stable("r"));
  catalog.Publish("limits", Stable("l"));
  catalog.Publish("prices", Stable("p"));
  ReadGuard guard;
  ASSERT_NE(catalog.Find(guard, "limits"), nullptr);
  EXPECT_EQ(catalog.Find(guard, "limits")->stable->Find("key"), "l");
  EXPECT_EQ(catalog.Find(guard, "routes")->stable->Find("key"), "r");
  for (const char* absent : {"", "limit", "limitss", "zebra"})
    EXPECT_EQ(catalog.Find(guard, absent), nullptr);
  EXPECT_EQ(catalog.Names(), (std::vector<std::string>{"limits", "prices", "routes"}));
}

TEST(Catalog, ReplacesAMapsStateAndKeepsOneNameForIt) {
  Catalog catalog;
  catalog.Publish("limits", Stable("1"));
  catalog.Publish("limits", Stable("2"));
  ReadGuard guard;
  EXPECT_EQ(catalog.Find(guard, "limits")->stable->Find("key"), "2");
  EXPECT_EQ(catalog.Names().size(), 1u);
}

TEST(Catalog, KeepsARemovedMapForTheGuardThatReachedIt) {
  Catalog catalog;
  catalog.Publish("limits", Stable("1"));
  catalog.Publish("routes", Stable("2"));
  ReadGuard guard;
  const LiveState* state = catalog.Find(guard, "limits");
  catalog.Remove("limits");
  catalog.Remove("never there");
  EXPECT_EQ(state->stable->Find("key"), "1");
  EXPECT_EQ(catalog.Find(guard, "limits"), state);
  ReadGuard later;
  EXPECT_EQ(catalog.Find(later, "limits"), nullptr);
  EXPECT_EQ(catalog.Names(), std::vector<std::string>{"routes"});
}

TEST(Catalog, ListsNamesWhileMapsComeAndGo) {
  Catalog catalog;
  for (int i = 0; i < 200; ++i) catalog.Publish("stays-" + std::to_string(i), Stable("s"));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 2'000; ++i) {
      catalog.Publish("comes", Stable("c"));
      catalog.Remove("comes");
    }
    done = true;
  });
  while (!done) {
    const std::vector<std::string> names = catalog.Names();
    EXPECT_GE(names.size(), 200u);
    EXPECT_LE(names.size(), 201u);
  }
  writer.join();
}

TEST(Catalog, ConcurrentReadersNeverSeeAMixture) {
  constexpr int kReaders = 3;
  constexpr int kReadsEach = 2'000;
  constexpr int kPublishesMin = 2'000;
  Catalog catalog;
  catalog.Publish("map", Generation(1));
  std::atomic<int> mixtures = 0;
  std::atomic<bool> written = false;
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&] {
      for (int reads = 0; reads < kReadsEach || !written; ++reads) {
        ReadGuard guard;
        const LiveState* state = catalog.Find(guard, "map");
        if (state == nullptr || !IsOneGeneration(*state)) ++mixtures;
      }
    });
  }
  for (int number = 2; number <= kPublishesMin; ++number) {
    catalog.Publish("map", Generation(number));
    const std::string other =
        "other-" + std::to_string(number % 7);  // the index changes under the readers, too
    if (number % 2 == 0)
      catalog.Publish(other, Generation(number));
    else
      catalog.Remove(other);
  }
  written = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(mixtures, 0);
}

// What a group of maps asks for: a reader of two that are published together sees both or neither.
TEST(Catalog, ConcurrentReadersSeeAllOfABatchOrNothing) {
  constexpr int kPublishes = 2'000;
  Catalog catalog;
  catalog.Publish({{"limits", Generation(1)}, {"prices", Generation(1)}});
  std::atomic<int> mixtures = 0;
  std::atomic<bool> written = false;
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      while (!written) {
        ReadGuard guard;
        const LiveState* one = catalog.Find(guard, r == 0 ? "limits" : "prices");
        const LiveState* other = catalog.Find(guard, r == 0 ? "prices" : "limits");
        if (one->split.salt != other->split.salt) ++mixtures;
      }
    });
  }
  for (int number = 2; number <= kPublishes; ++number)
    catalog.Publish({{"limits", Generation(number)}, {"prices", Generation(number)}});
  written = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(mixtures, 0);
}

}  // namespace
}  // namespace portolan::mapcore
