#include "reconciler/policy/lazy_views.h"

#include <gtest/gtest.h>

#include "reconciler/policy/cel/text.h"
#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

class LazyViews : public testing::Test {
 protected:
  std::string TextOf(const cel::Map& map) { return cel::TextOf(cel::Value::OfMap(&map), 1000); }
  std::vector<std::string> sensitive_ = {"token*"};
  Disclosure disclosure_;
  ValueAccess access_{&sensitive_, &disclosure_};
  cel::Arena arena_;
};

TEST_F(LazyViews, ShowsAChangeAsAnObject) {
  const KeyChange update{"k", Action::kUpdated, R"({"rps":1})", "2"};
  EXPECT_EQ(TextOf(ChangeMap(update, "limits", access_, arena_)),
            "{'key': 'k', 'map': 'limits', 'new': 2, 'old': {'rps': 1}, 'op': 'update'}");
  const KeyChange added{"k", Action::kCreated, std::nullopt, "2"};
  EXPECT_EQ(TextOf(ChangeMap(added, "limits", access_, arena_)),
            "{'key': 'k', 'map': 'limits', 'new': 2, 'old': null, 'op': 'add'}");
  EXPECT_FALSE(ChangeMap(added, "m", access_, arena_).Find(cel::Value::String("x"), arena_));
  EXPECT_FALSE(ChangeMap(added, "m", access_, arena_).Find(cel::Value::Int(1), arena_));
  EXPECT_FALSE(disclosure_.touched);
}

TEST_F(LazyViews, ParsesAValueOnce) {
  const KeyChange change{"k", Action::kCreated, std::nullopt, R"({"a":[1,2,3]})"};
  const ChangeMap view(change, "m", access_, arena_);
  view.Find(cel::Value::String("new"), arena_);
  const std::size_t bytes = arena_.bytes();
  view.Find(cel::Value::String("new"), arena_);
  EXPECT_EQ(arena_.bytes(), bytes);
}

TEST_F(LazyViews, NotesAndMasksSensitiveValues) {
  const KeyChange change{"token/x", Action::kCreated, std::nullopt, R"("hunter2")"};
  const ChangeMap open(change, "m", access_, arena_);
  EXPECT_EQ(open.Find(cel::Value::String("new"), arena_)->AsText(), "hunter2");
  EXPECT_TRUE(disclosure_.touched);
  disclosure_.mask = true;
  EXPECT_EQ(TextOf(ChangeMap(change, "m", access_, arena_)).find("hunter2"), std::string::npos);
}

TEST_F(LazyViews, ReadsEntriesWhereTheyAre) {
  const auto version = Version({{"a", "1"}, {"b", R"("x")"}});
  const EntriesMap entries(version.get(), access_);
  EXPECT_EQ(entries.size(), 2u);
  EXPECT_EQ(TextOf(entries), "{'a': 1, 'b': 'x'}");
  EXPECT_FALSE(entries.Find(cel::Value::String("c"), arena_));
  EXPECT_EQ(TextOf(EntriesMap(nullptr, access_)), "{}");
}

TEST_F(LazyViews, ListsChangesWithoutACopy) {
  const ChangeSet changes = MakeChangeSet(Version({{"a", "1"}}).get(), *Version({{"b", "2"}}));
  const ChangeList list(changes, "m", access_);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(cel::TextOf(list.At(0, arena_), 1000),
            "{'key': 'a', 'map': 'm', 'new': null, 'old': 1, 'op': 'delete'}");
}

}  // namespace
}  // namespace portolan::reconciler
