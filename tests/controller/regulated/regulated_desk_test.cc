#include "controller/regulated/regulated_desk.h"

#include <gtest/gtest.h>

#include <deque>

#include "controller/http/hmac.h"
#include "controller/regulated/answer.h"
#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

class RegulatedDeskTest : public testing::Test {
 protected:
  Result<ClientResponse> Answer(const HttpClient::Call& call) {
    calls.push_back(
        {call.method, call.target, call.body, call.content_type, call.headers, call.deadline});
    if (statuses.empty()) return ClientResponse{204, {}, ""};
    const int status = statuses.front();
    statuses.pop_front();
    if (status == 0) return Error{ErrorCode::kUnavailable, "nobody answers"};
    return ClientResponse{status, {}, ""};
  }
  void Ask(const std::string& plan, const std::string& map = "limits") {
    desk.Ask({"edge", map, Sha256Of(plan), manifests::Value::Object{{"plan", plan}}});
  }
  // Lets that time pass and the desk do what is due.
  Duration After(Duration duration) {
    now.mono += duration;
    return desk.Process(now);
  }
  std::vector<std::string> Reasons() const {
    std::vector<std::string> reasons;
    for (const auto& event : events) reasons.push_back(event.reason);
    return reasons;
  }

  std::vector<HttpClient::Call> calls;
  std::deque<int> statuses;  // 0: nobody answers; none left: 204
  std::vector<reconciler::Event> events;
  Signers signers;
  Now now{WallTime(std::chrono::hours(500'000)), std::chrono::seconds(1)};
  RegulatedDesk desk{{"http://h/hook", "/hook", "secret", std::chrono::seconds(5)},
                     {[this](const HttpClient::Call& call) { return Answer(call); },
                      [this]() -> Result<Signers> { return signers; },
                      [this](reconciler::Event event) { events.push_back(std::move(event)); }}};
};

TEST_F(RegulatedDeskTest, PostsAQuestionOnceSigned) {
  Ask("a");
  After(Duration(0));
  Ask("a");
  After(std::chrono::hours(1));
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].method, "POST");
  EXPECT_EQ(calls[0].target, "/hook");
  EXPECT_EQ(calls[0].body, R"({"plan":"a"})");
  EXPECT_EQ(calls[0].deadline, std::chrono::seconds(5));
  const HeaderList headers{
      {"Portolan-Plan", Sha256Of("a").ToString()},
      {"X-Hub-Signature-256", "sha256=" + HmacSha256Hex("secret", R"({"plan":"a"})")}};
  EXPECT_EQ(calls[0].headers, headers);
  EXPECT_EQ(Reasons(), std::vector<std::string>{"AnswerRequested"});
}

TEST_F(RegulatedDeskTest, RepeatsWhatFailsEverLessOftenAndSaysSoOnce) {
  statuses = {500, 0, 302};
  Ask("a");
  EXPECT_EQ(After(Duration(0)), std::chrono::seconds(1));
  EXPECT_EQ(After(std::chrono::milliseconds(999)), Duration(1));
  EXPECT_EQ(calls.size(), 1u);
  EXPECT_EQ(After(Duration(1)), std::chrono::seconds(2));
  EXPECT_EQ(After(std::chrono::seconds(2)), std::chrono::seconds(4));
  After(std::chrono::seconds(4));
  EXPECT_EQ(calls.size(), 4u);
  EXPECT_EQ(Reasons(), (std::vector<std::string>{"WebhookFailing", "AnswerRequested"}));
  EXPECT_NE(events[0].message.find("it answered 500"), std::string::npos) << events[0].message;
  After(std::chrono::hours(1));
  EXPECT_EQ(calls.size(), 4u);
}

TEST_F(RegulatedDeskTest, WaitsAtMostFiveMinutesBetweenTwoTries) {
  statuses.assign(20, 503);
  Ask("a");
  Duration longest(0);
  for (int i = 0; i < 20; ++i) {
    const Duration before = now.mono;
    while (static_cast<int>(calls.size()) == i) After(std::chrono::seconds(1));
    longest = std::max(longest, now.mono - before);
  }
  EXPECT_EQ(longest, std::chrono::minutes(5));
}

TEST_F(RegulatedDeskTest, ANewerPlanReplacesTheQuestionAndADroppedOneIsForgotten) {
  statuses = {500};
  Ask("a");
  After(Duration(0));
  Ask("b");
  After(std::chrono::minutes(10));
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[1].body, R"({"plan":"b"})");
  statuses = {500};
  Ask("c");
  After(Duration(0));
  desk.Drop("limits");
  After(std::chrono::minutes(10));
  EXPECT_EQ(calls.size(), 3u);
}

TEST_F(RegulatedDeskTest, AStoppedDeskPostsNothing) {
  Ask("a");
  desk.Stop();
  After(Duration(0));
  EXPECT_TRUE(calls.empty());
}

TEST_F(RegulatedDeskTest, ReadsTheSignersAtEachAnswer) {
  const TestDirectory directory;
  const TestSshKey key(directory, "regulator");
  const std::string text =
      manifests::CanonicalJson(manifests::Value::Object{{"apiVersion", kAnswerApiVersion},
                                                        {"plan", Sha256Of("a").ToString()},
                                                        {"map", "limits"},
                                                        {"decision", "approve"},
                                                        {"at", FormatTime(now.wall)}});
  const SignedAnswer answer{text, key.Sign(text, std::string(kAnswerNamespace))};
  EXPECT_FALSE(desk.Check(answer, "limits", Sha256Of("a"), now.wall).ok());
  signers.ssh = key.Allowed("audit@regulator.example");
  EXPECT_TRUE(desk.Check(answer, "limits", Sha256Of("a"), now.wall).ok());
}

}  // namespace
}  // namespace portolan::controller
