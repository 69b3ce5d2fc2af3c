#include "reconciler/change_view.h"

#include <gtest/gtest.h>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

ChangeView ViewUpdate(const std::string& before, const std::string& after) {
  return ViewChange(MapPlan{}, {"key", Action::kUpdated, before, after});
}

TEST(ChangeView, ShowsTheFieldsThatDifferAndHowMuch) {
  const ChangeView view = ViewUpdate(R"({"burst":1,"limits":{"rps":500},"old":true})",
                                     R"({"burst":1,"limits":{"rps":800},"new":null})");
  ASSERT_EQ(view.fields.size(), 3U);
  EXPECT_EQ(view.sign, '~');
  EXPECT_EQ(view.fields[0].path, "limits.rps");
  EXPECT_EQ(view.fields[0].before, "500");
  EXPECT_EQ(view.fields[0].after, "800");
  EXPECT_EQ(view.fields[0].relative, "+60 %");
  EXPECT_EQ(view.fields[1].path, "old");
  EXPECT_EQ(view.fields[1].before, "true");
  EXPECT_EQ(view.fields[1].after, std::nullopt);
  EXPECT_EQ(view.fields[2].path, "new");
  EXPECT_EQ(view.fields[2].before, std::nullopt);
  EXPECT_EQ(view.fields[2].after, "null");
}

TEST(ChangeView, ShowsWholeValuesWhenTheyAreNoObjectsOrTooManyFieldsDiffer) {
  const ChangeView scalar = ViewUpdate("500", "800");
  ASSERT_EQ(scalar.fields.size(), 1U);
  EXPECT_EQ(scalar.fields[0].path, "");
  EXPECT_EQ(scalar.fields[0].relative, "+60 %");
  const ChangeView many =
      ViewUpdate(R"({"a":1,"b":1,"c":1,"d":1,"e":1})", R"({"a":2,"b":2,"c":2,"d":2,"e":2})");
  ASSERT_EQ(many.fields.size(), 1U);
  EXPECT_EQ(many.fields[0].before, R"({"a":1,"b":1,"c":1,"d":1,"e":1})");
  const ChangeView kinds = ViewUpdate("[1]", "{}");
  ASSERT_EQ(kinds.fields.size(), 1U);
  EXPECT_EQ(kinds.fields[0].after, "{}");
}

TEST(ChangeView, SignsCreationsAndDeletions) {
  const ChangeView created = ViewChange(MapPlan{}, {"k", Action::kCreated, std::nullopt, "1"});
  EXPECT_EQ(created.sign, '+');
  EXPECT_EQ(created.fields.at(0).before, std::nullopt);
  EXPECT_EQ(created.fields.at(0).after, "1");
  const ChangeView deleted = ViewChange(MapPlan{}, {"k", Action::kDeleted, "1", std::nullopt});
  EXPECT_EQ(deleted.sign, '-');
  EXPECT_EQ(deleted.fields.at(0).before, "1");
  EXPECT_EQ(deleted.fields.at(0).after, std::nullopt);
}

TEST(ChangeView, MasksSensitiveValuesOnBothSidesWithoutTellingFieldsOrSizes) {
  MapPlan plan;
  plan.sensitive = {"token/*"};
  const ChangeView view = ViewChange(plan, {"token/a/b", Action::kUpdated, "500", "800"});
  ASSERT_EQ(view.fields.size(), 1U);
  EXPECT_EQ(view.fields[0].before, "«sensitive sha256:" + Sha256Of("500").Hex().substr(0, 4) + "»");
  EXPECT_EQ(view.fields[0].after, "«sensitive sha256:" + Sha256Of("800").Hex().substr(0, 4) + "»");
  EXPECT_EQ(view.fields[0].relative, "");
  EXPECT_FALSE(IsSensitive(plan, "tokens"));
}

TEST(ChangeView, CutsLongValuesWhereTheirDifferenceIsStillSeen) {
  const std::string same(5'000, 'x');
  const ChangeView view = ViewUpdate("\"" + same + "ONE\"", "\"" + same + "TWO\"");
  ASSERT_EQ(view.fields.size(), 1U);
  EXPECT_EQ(view.fields[0].before, "…" + std::string(16, 'x') + "ONE\"");
  EXPECT_EQ(view.fields[0].after, "…" + std::string(16, 'x') + "TWO\"");
}

TEST(ChangeView, CutsALongValueWithAMarker) {
  const std::string value(5'000, '7');
  const ChangeView view = ViewChange(MapPlan{}, {"k", Action::kCreated, std::nullopt, value});
  EXPECT_EQ(view.fields.at(0).after, std::string(72, '7') + "… (5,000 bytes)");
}

TEST(ChangeView, EscapesKeysFieldsAndValues) {
  const ChangeView view = ViewChange(MapPlan{}, {"k\xc2\x9b", Action::kUpdated, "{\"\xc2\x9b\":1}",
                                                 "{\"\xc2\x9b\":\"\xe2\x80\xae\"}"});
  EXPECT_EQ(view.key, "k\\u{9b}");
  EXPECT_EQ(view.fields.at(0).path, "\\u{9b}");
  EXPECT_EQ(view.fields.at(0).after, "\"\\u{202e}\"");
}

}  // namespace
}  // namespace portolan::reconciler
