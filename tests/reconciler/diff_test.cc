#include "reconciler/diff.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

TEST(ChangeSet, NamesWhatHappensToEachKeyInByteOrder) {
  const auto before = Version({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const auto after = Version({{"B", "9"}, {"b", "20"}, {"c", "3"}});
  const ChangeSet set = MakeChangeSet(before.get(), *after);
  const std::vector<KeyChange> expected = {{"B", Action::kCreated, std::nullopt, "9"},
                                           {"a", Action::kDeleted, "1", std::nullopt},
                                           {"b", Action::kUpdated, "2", "20"}};
  EXPECT_EQ(set.changes, expected);
  EXPECT_EQ(set.created, 1);
  EXPECT_EQ(set.updated, 1);
  EXPECT_EQ(set.deleted, 1);
  EXPECT_EQ(set.unchanged, 1);
}

TEST(ChangeSet, OfAFirstVersionCreatesEveryKey) {
  const auto after = Version({{"a", "1"}, {"b", "2"}});
  const ChangeSet set = MakeChangeSet(nullptr, *after);
  const std::vector<KeyChange> expected = {{"a", Action::kCreated, std::nullopt, "1"},
                                           {"b", Action::kCreated, std::nullopt, "2"}};
  EXPECT_EQ(set.changes, expected);
  EXPECT_EQ(set.created, 2);
  EXPECT_EQ(set.unchanged, 0);
}

TEST(ChangeSet, OutlivesTheVersions) {
  ChangeSet set;
  {
    const auto before = Version({{"a", "\"one\""}});
    set = MakeChangeSet(before.get(), *Version({{"a", "\"two\""}}));
  }
  EXPECT_EQ(set.changes.at(0).before, "\"one\"");
  EXPECT_EQ(set.changes.at(0).after, "\"two\"");
}

using Model = std::map<std::string, std::string>;

rc::Gen<Model> AnyModel() {
  const auto key = rc::gen::element<std::string>("a", "b", "c", "d", "e", "f");
  const auto pair = rc::gen::pair(key, rc::gen::element<std::string>("1", "2", "3"));
  return rc::gen::map(rc::gen::container<Pairs>(pair), [](const Pairs& pairs) {
    return Model(pairs.begin(), pairs.end());  // the first of equal keys wins
  });
}

RC_GTEST_PROP(ChangeSet, AppliedToTheBaseGivesTheTargetAndCountsEveryKeyOnce, ()) {
  const Model before = *AnyModel();
  const Model after = *AnyModel();
  const auto base = Version(Pairs(before.begin(), before.end()));
  const auto target = Version(Pairs(after.begin(), after.end()));
  const ChangeSet set = MakeChangeSet(base.get(), *target);
  Model replayed = before;
  for (const KeyChange& change : set.changes) {
    RC_ASSERT(change.before != change.after);
    if (change.after) {
      replayed[change.key] = *change.after;
    } else {
      replayed.erase(change.key);
    }
  }
  RC_ASSERT(replayed == after);
  const auto size = [](const auto& container) {
    return static_cast<std::int64_t>(container.size());
  };
  RC_ASSERT(set.created + set.updated + set.deleted == size(set.changes));
  RC_ASSERT(set.unchanged + set.updated + set.deleted == size(before));
  RC_ASSERT(set.unchanged + set.updated + set.created == size(after));
}

}  // namespace
}  // namespace portolan::reconciler
