// A map, its forks and snapshots beside plain copies of std::unordered_map, under random commands.
// In a loop, PORTOLAN_MODEL_STEPS of them from seed PORTOLAN_MODEL_SEED, which a failure prints;
// and as a property, whose failures rapidcheck shrinks to the few commands that matter.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <iostream>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"
#include "mapcore/hmap/iterator.h"
#include "mapcore/map_clone.h"
#include "tests/from_environment.h"

namespace portolan::mapcore {
namespace {

using Model = std::unordered_map<std::string, std::string>;

// Keeps the map's own hash in reach of collisions: few pages, few homes.
std::uint64_t WeakHash(std::string_view key, std::uint64_t seed) {
  return hmap::HashBytes(key, seed) & 0xf0f0'0000'0000'0033;
}

class ModelRun {
 public:
  // With keys out of so many.
  ModelRun(std::uint64_t seed, hmap::HashFunction hash, std::uint64_t keys)
      : random_(seed), keys_(keys) {
    HmapOptions options;
    options.seed = seed;
    options.hash = hash;
    options.memory.reserve_bytes = std::uint64_t{256} << 20;
    maps_.push_back({Hmap::Create(options).value(), {}});
  }

  // What a command does follows from its word and from what the maps hold, and from nothing that
  // came before it otherwise: so commands can be left out, and the rest stay what they are.
  void Step(std::uint64_t word) {
    random_ = Random(word);
    Live& live = maps_[random_.Below(maps_.size())];
    const std::uint64_t roll = random_.Below(1'000);
    if (roll < 550) {
      Put(live);
    } else if (roll < 800) {
      Erase(live);
    } else if (roll < 890) {
      Find(live);
    } else if (roll < 895) {
      Scan(live);
    } else if (roll < 900) {
      Compare();
    } else if (roll < 930) {
      Take(live);
    } else if (roll < 965 && !frozen_.empty()) {
      frozen_.erase(frozen_.begin() + static_cast<std::ptrdiff_t>(random_.Below(frozen_.size())));
    } else if (roll < 975 && !frozen_.empty() && maps_.size() < 5) {
      Fork();
    } else if (roll < 985 && maps_.size() > 1) {
      Leave();
    } else if (roll < 988) {
      ASSERT_TRUE(live.map.Clear().ok());
      live.model.clear();
    } else if (roll < 991) {
      ASSERT_TRUE(live.map.Reserve(static_cast<std::int64_t>(random_.Below(5'000))).ok());
    } else if (roll < 992) {
      EraseMost(live);
    } else if (roll < 993) {
      Clone(live);
    } else if (roll < 996) {
      (void)live.map.StartReseed();  // kConflict when one is under way
    } else if (roll < 998) {
      ASSERT_TRUE(live.map.AbandonReseed().ok());
    } else if (roll < 999) {
      (void)live.map.StartCompaction();  // kConflict when one is under way, or a relocation
    } else {
      (void)live.map.digest();  // from now on pages know theirs, and validate() looks at them
    }
    for (const Live& each : maps_) ASSERT_EQ(each.map.size(), each.model.size());
  }

  void CheckAll() {
    for (Live& live : maps_) {
      live.map.Collect();
      for (const auto& [key, value] : live.model) ASSERT_EQ(live.map.Find(key), value);
    }
    for (const Frozen& frozen : frozen_) {
      ASSERT_EQ(frozen.snapshot.size(), frozen.model.size());
      for (const auto& [key, value] : frozen.model) ASSERT_EQ(frozen.snapshot.Find(key), value);
    }
    const Status status = maps_.front().map.lineage().Validate();
    ASSERT_TRUE(status.ok()) << status.error().message;
  }

 private:
  struct Live {
    Hmap map;
    Model model;
  };
  struct Frozen {
    Snapshot snapshot;
    Model model;
  };

  std::string Key() { return "key/" + std::to_string(random_.Below(keys_)); }

  void Put(Live& live) {
    const std::string key = Key();
    std::string value(random_.Below(8) == 0 ? random_.Below(600) : random_.Below(40), 'v');
    value += std::to_string(random_.Below(4));
    const bool fresh = !live.model.contains(key);
    switch (random_.Below(3)) {
      case 0:
        ASSERT_EQ(*live.map.Put(key, value), fresh);
        break;
      case 1:
        ASSERT_EQ(*live.map.Insert(key, value), fresh);
        if (!fresh) return;
        break;
      default:
        ASSERT_EQ(*live.map.Upsert(key,
                                   [&](std::optional<std::string_view> now) {
                                     EXPECT_EQ(now.has_value(), !fresh);
                                     if (now) {
                                       EXPECT_EQ(*now, live.model[key]);
                                     }
                                     return value;
                                   }),
                  fresh);
    }
    live.model[key] = value;
  }

  void Erase(Live& live) {
    const std::string key = Key();
    ASSERT_EQ(*live.map.Erase(key), live.model.erase(key) == 1);
  }

  void EraseMost(Live& live) {
    for (std::uint64_t i = random_.Below(4); i < keys_; ++i) {
      const std::string key = "key/" + std::to_string(i);
      ASSERT_EQ(*live.map.Erase(key), live.model.erase(key) == 1);
    }
  }

  void Find(Live& live) {
    std::vector<std::string> keys(random_.Below(40));
    for (std::string& key : keys) key = Key();
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<std::optional<std::string_view>> values(keys.size());
    live.map.FindMany(views, values);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto found = live.model.find(keys[i]);
      ASSERT_EQ(values[i].has_value(), found != live.model.end());
      if (values[i]) {
        ASSERT_EQ(*values[i], found->second);
      }
      ASSERT_EQ(live.map.Find(keys[i]), values[i]);
    }
  }

  // Some or all of an iteration, with writes in between.
  void Scan(Live& live) {
    const Model before = live.model;
    std::unordered_set<std::string> seen;
    std::unordered_set<std::string> written;
    const bool whole = random_.Below(2) == 0;
    HmapIterator scan(live.map);
    while (whole || random_.Below(20) != 0) {
      const auto item = scan.Next();
      if (!item) break;
      const std::string key(item->key);
      ASSERT_TRUE(seen.insert(key).second) << key << " twice";
      const auto now = live.model.find(key);
      ASSERT_NE(now, live.model.end()) << key << " was erased before its turn";
      ASSERT_EQ(item->value, now->second);
      if (random_.Below(10) != 0) continue;
      const std::string other = Key();
      written.insert(other);
      if (random_.Below(2) == 0)
        ASSERT_EQ(*live.map.Erase(other), live.model.erase(other) == 1);
      else
        ASSERT_EQ(*live.map.Put(other, "scanned"),
                  live.model.insert_or_assign(other, "scanned").second);
    }
    if (!whole) return;
    for (const auto& [key, value] : before)
      ASSERT_TRUE(seen.contains(key) || written.contains(key)) << key << " was left out";
  }

  // Two versions that are kept, of whatever age.
  void Compare() {
    if (frozen_.empty()) return;
    const Frozen& before = frozen_[random_.Below(frozen_.size())];
    const Frozen& after = frozen_[random_.Below(frozen_.size())];
    Model rebuilt = before.model;
    for (const hmap::RecordChange& change : hmap::Diff(before.snapshot, after.snapshot).changes) {
      const std::string key(change.before != nullptr ? change.before->key() : change.after->key());
      ASSERT_EQ(rebuilt.contains(key), change.before != nullptr);
      if (change.after == nullptr) {
        rebuilt.erase(key);
      } else {
        ASSERT_NE(rebuilt[key], change.after->value()) << key << " does not differ";
        rebuilt[key] = change.after->value();
      }
    }
    ASSERT_EQ(rebuilt, after.model);
  }

  void Clone(Live& live) {
    const Hmap clone = CloneMap(live.map).value();
    ASSERT_EQ(clone.size(), live.model.size());
    for (const auto& [key, value] : live.model) ASSERT_EQ(clone.Find(key), value);
    const Status status = clone.lineage().Validate();
    ASSERT_TRUE(status.ok()) << status.error().message;
  }

  void Take(Live& live) {
    if (frozen_.size() > 30) frozen_.pop_back();
    frozen_.push_back({*live.map.TakeSnapshot(++versions_, 0), live.model});
  }

  void Fork() {
    const Frozen& frozen = frozen_[random_.Below(frozen_.size())];
    Hmap fork = maps_[random_.Below(maps_.size())].map.Fork(frozen.snapshot).value();
    maps_.push_back({std::move(fork), frozen.model});
  }

  // A fork ends, or one map goes on as another.
  void Leave() {
    const std::size_t at = random_.Below(maps_.size());
    if (random_.Below(2) == 0 && at > 0) {
      maps_[0].map.Promote(std::move(maps_[at].map));
      maps_[0].model = std::move(maps_[at].model);
      maps_.erase(maps_.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      maps_.erase(maps_.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  Random random_;
  std::uint64_t keys_;
  std::uint64_t versions_ = 0;
  std::vector<Live> maps_;
  std::vector<Frozen> frozen_;
};

void RunModel(hmap::HashFunction hash) {
  const std::uint64_t first = FromEnvironment("PORTOLAN_MODEL_SEED", 1);
  const std::uint64_t steps = FromEnvironment("PORTOLAN_MODEL_STEPS", 30'000);
  constexpr std::uint64_t kStepsPerSeed = 3'000;
  std::uint64_t commands = 0;
  for (std::uint64_t seed = first; commands < steps; ++seed) {
    SCOPED_TRACE("PORTOLAN_MODEL_SEED=" + std::to_string(seed));
    Random words(seed);
    ModelRun run(seed, hash, std::uint64_t{1} << (4 + words.Below(hash == nullptr ? 13 : 7)));
    for (std::uint64_t step = 0; step < kStepsPerSeed; ++step, ++commands) {
      run.Step(words.Next());
      if (step % 500 == 499) run.CheckAll();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  std::cout << commands << " commands\n";
}

// The first failure of a run of these commands, or nothing.
std::string FailureOf(const std::vector<std::uint64_t>& words, hmap::HashFunction hash) {
  testing::TestPartResultArray failures;
  {
    const testing::ScopedFakeTestPartResultReporter caught(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    ModelRun run(1, hash, 64);
    for (const std::uint64_t word : words) {
      run.Step(word);
      run.CheckAll();
      if (failures.size() > 0) break;
    }
  }
  return failures.size() == 0 ? "" : failures.GetTestPartResult(0).message();
}

TEST(HmapModel, EqualsPlainMapsUnderRandomOperations) {
  RunModel(nullptr);
}

TEST(HmapModel, EqualsPlainMapsWhereHashesCollide) {
  RunModel(WeakHash);
}

TEST(HmapModel, EqualsPlainMapsAsAPropertyThatShrinks) {
  EXPECT_TRUE(rc::check("a map equals its model", [](bool collide) {
    const auto words = *rc::gen::container<std::vector<std::uint64_t>>(
        rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>()));
    const std::string failure = FailureOf(words, collide ? WeakHash : nullptr);
    if (!failure.empty()) RC_FAIL(failure);
  }));
}

}  // namespace
}  // namespace portolan::mapcore
