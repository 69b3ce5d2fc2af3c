#include "controller/reconcile/source_status.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

SourceStatus Example() {
  SourceStatus status;
  status.name = "edge";
  status.url = "https://git.example.com/maps.git";
  status.branch = "main";
  status.path = "maps";
  status.followed = std::string(40, 'a');
  status.revision = "main@sha1:" + status.followed;
  status.observed = status.pending = std::string(40, 'b');
  status.reason = "HistoryRewritten";
  status.message = "the branch was rewritten";
  status.maps = {"flags", "limits"};
  return status;
}

std::vector<std::string> TrueConditions(const manifests::Value& value) {
  std::vector<std::string> types;
  for (const manifests::Value& condition : value.Find("conditions")->as_array())
    if (condition.BoolOr("status", false)) types.emplace_back(condition.StringOr("type", ""));
  return types;
}

TEST(SourceStatus, IsReadyOrStalledOrReconcilingAndNeverTwoOfThem) {
  SourceStatus status = Example();
  EXPECT_EQ(TrueConditions(SourceStatusToValue(status)), std::vector<std::string>{"Reconciling"});
  status.stalled = true;
  EXPECT_EQ(TrueConditions(SourceStatusToValue(status)), std::vector<std::string>{"Stalled"});
  status.stalled = false;
  status.ready = true;
  EXPECT_EQ(TrueConditions(SourceStatusToValue(status)), std::vector<std::string>{"Ready"});
}

TEST(SourceStatus, SaysWhatTheContractLists) {
  SourceStatus status = Example();
  manifests::Diagnostic diagnostic;
  diagnostic.file = "maps/limits.yaml";
  diagnostic.message = "expected an integer";
  status.diagnostics.push_back(diagnostic);
  const manifests::Value value = SourceStatusToValue(status);
  EXPECT_EQ(value.StringOr("name", ""), "edge");
  EXPECT_EQ(value.StringOr("pending", ""), status.pending);
  EXPECT_EQ(value.StringOr("observed", ""), status.observed);
  EXPECT_TRUE(value.Find("lastFetchAt")->is_null());
  EXPECT_EQ(value.Find("maps")->as_array().size(), 2u);
  ASSERT_EQ(value.Find("rejected")->as_array().size(), 1u);
  EXPECT_NE(value.Find("rejected")->as_array()[0].as_string().find("maps/limits.yaml"),
            std::string::npos);
  status.last_fetch = WallTime(std::chrono::seconds(1));
  EXPECT_EQ(SourceStatusToValue(status).StringOr("lastFetchAt", ""), "1970-01-01T00:00:01.000Z");
}

TEST(SourceStatus, KeepsWhatIsFollowedAndPendingThroughARestart) {
  SourceStatus restored;
  RestoreSource(SourceRecord(Example()), restored);
  EXPECT_EQ(restored.followed, Example().followed);
  EXPECT_EQ(restored.revision, Example().revision);
  EXPECT_EQ(restored.pending, Example().pending);
}

}  // namespace
}  // namespace portolan::controller
