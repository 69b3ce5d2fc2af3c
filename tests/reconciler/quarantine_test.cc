#include "reconciler/quarantine.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

// The bad version changed a, deleted d, created n.
ChangeSet BadChange() {
  const auto base = Version({{"a", "1"}, {"d", "1"}, {"x", "1"}});
  return MakeChangeSet(base.get(), *Version({{"a", "666"}, {"n", "1"}, {"x", "1"}}));
}

using Keys = std::vector<std::string>;

TEST(Quarantine, HoldsALaterVersionThatStillMakesTheWholeChange) {
  const auto later = Version({{"a", "666"}, {"n", "1"}, {"x", "2"}, {"y", "7"}});
  const QuarantineMatch match = MatchQuarantine(BadChange(), *later);
  EXPECT_EQ(match.hold, QuarantineHold::kAll);
  EXPECT_EQ(match.keys, (Keys{"a", "d", "n"}));
}

TEST(Quarantine, WarnsOfAVersionThatTookBackAPart) {
  const QuarantineMatch match =
      MatchQuarantine(BadChange(), *Version({{"a", "1"}, {"n", "1"}, {"x", "1"}}));
  EXPECT_EQ(match.hold, QuarantineHold::kSome);
  EXPECT_EQ(match.keys, (Keys{"d", "n"}));
}

TEST(Quarantine, CountsADeletionAsHeldOnlyWhileTheKeyIsAbsent) {
  const QuarantineMatch absent = MatchQuarantine(BadChange(), *Version({{"a", "1"}}));
  EXPECT_EQ(absent.keys, (Keys{"d"}));
  const QuarantineMatch back = MatchQuarantine(BadChange(), *Version({{"a", "1"}, {"d", "99"}}));
  EXPECT_EQ(back.hold, QuarantineHold::kNone);
  EXPECT_EQ(back.keys, Keys{});
}

TEST(Quarantine, OfAnEmptyChangeHoldsNothing) {
  EXPECT_EQ(MatchQuarantine(ChangeSet{}, *Numbered(3)).hold, QuarantineHold::kNone);
}

using Model = std::map<std::string, std::string>;

mapcore::VersionPtr AnyVersion() {
  const auto key = rc::gen::element<std::string>("a", "b", "c", "d", "e");
  const auto value = rc::gen::element<std::string>("1", "2");
  const Pairs pairs = *rc::gen::container<Pairs>(rc::gen::pair(key, value));
  const Model model(pairs.begin(), pairs.end());  // the first of equal keys wins
  return Version(Pairs(model.begin(), model.end()));
}

RC_GTEST_PROP(Quarantine, HoldsTheQuarantinedVersionItselfAndNeverItsBase, ()) {
  const auto base = AnyVersion();
  const auto bad = AnyVersion();
  const ChangeSet change = MakeChangeSet(base.get(), *bad);
  const bool differs = base->digest() != bad->digest();
  RC_ASSERT(MatchQuarantine(change, *bad).hold ==
            (differs ? QuarantineHold::kAll : QuarantineHold::kNone));
  RC_ASSERT(MatchQuarantine(change, *base).hold == QuarantineHold::kNone);
}

RC_GTEST_PROP(Quarantine, IgnoresChangesToOtherKeys, ()) {
  const auto base = AnyVersion();
  const auto bad = AnyVersion();
  const auto desired = AnyVersion();
  const ChangeSet change = MakeChangeSet(base.get(), *bad);
  const std::vector<mapcore::Change> other = {{"another key", "7"}};
  const auto extended = desired->Apply(other).value();
  const QuarantineMatch before = MatchQuarantine(change, *desired);
  const QuarantineMatch after = MatchQuarantine(change, *extended);
  RC_ASSERT(before.hold == after.hold);
  RC_ASSERT(before.keys == after.keys);
}

RC_GTEST_PROP(Quarantine, LosesExactlyTheKeyThatIsTakenBack, ()) {
  const auto base = AnyVersion();
  const auto bad = AnyVersion();
  const ChangeSet change = MakeChangeSet(base.get(), *bad);
  RC_PRE(!change.changes.empty());
  const auto index = *rc::gen::inRange<std::size_t>(0, change.changes.size());
  const KeyChange& fixed = change.changes[index];
  const std::vector<mapcore::Change> fix = {{fixed.key, fixed.before}};
  const QuarantineMatch match = MatchQuarantine(change, *bad->Apply(fix).value());
  RC_ASSERT(match.hold ==
            (change.changes.size() == 1 ? QuarantineHold::kNone : QuarantineHold::kSome));
  Keys expected;
  for (const KeyChange& other : change.changes) {
    if (other.key != fixed.key) expected.push_back(other.key);
  }
  RC_ASSERT(match.keys == expected);
}

}  // namespace
}  // namespace portolan::reconciler
