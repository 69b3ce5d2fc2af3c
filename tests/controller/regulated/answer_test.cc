#include "controller/regulated/answer.h"

#include <gtest/gtest.h>

#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

const std::string kAt = "2026-11-21T10:00:00.000Z";

class AnswerTest : public testing::Test {
 protected:
  static manifests::Value Good() {
    return manifests::Value::Object{{"apiVersion", kAnswerApiVersion},
                                    {"plan", Sha256Of("plan").ToString()},
                                    {"map", "limits"},
                                    {"decision", "approve"},
                                    {"at", kAt},
                                    {"reason", "reviewed"}};
  }
  static std::string With(const std::string& member, const manifests::Value& value) {
    manifests::Value answer = Good();
    answer.Set(member, value);
    return manifests::CanonicalJson(answer);
  }
  // How the text is judged when the regulator signed it, an hour after its time.
  Result<ExternalAnswer> Judge(const std::string& text) const {
    return VerifyAnswer({text, regulator.Sign(text, std::string(kAnswerNamespace))}, To(), signers);
  }
  std::string Refusal(const std::string& text) const {
    const auto judged = Judge(text);
    return judged.ok() ? "accepted" : judged.error().message;
  }
  static AnswerTo To(Duration after = std::chrono::hours(1)) {
    return {"limits", Sha256Of("plan"), ParseTime(kAt).value() + after, std::chrono::hours(24)};
  }

  TestDirectory directory;
  TestSshKey regulator{directory, "regulator"};
  TestSshKey eve{directory, "eve"};
  Signers signers{regulator.Allowed("audit@regulator.example"), {}};
};

TEST_F(AnswerTest, SaysWhoSignedAndWhy) {
  const auto answer = Judge(manifests::CanonicalJson(Good()));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->signers, std::vector<std::string>{"audit@regulator.example"});
  EXPECT_EQ(answer->reason, "reviewed");
  EXPECT_FALSE(answer->releases);
  EXPECT_TRUE(Judge(With("class", "none"))->releases);
  EXPECT_FALSE(Judge(With("class", "regulated"))->releases);
}

TEST_F(AnswerTest, IsRefusedWhenTheSignatureIsOfAnotherTextKeyOrNamespace) {
  const std::string text = manifests::CanonicalJson(Good());
  const std::string name_space(kAnswerNamespace);
  const auto refusal = [&](const SignedAnswer& answer) {
    const auto judged = VerifyAnswer(answer, To(), signers);
    return judged.ok() ? "accepted" : judged.error().message;
  };
  EXPECT_TRUE(
      refusal({text, regulator.Sign(text + " ", name_space)}).starts_with("BadSignature: "));
  EXPECT_TRUE(refusal({text, regulator.Sign(text, "git")}).starts_with("BadSignature: "));
  EXPECT_TRUE(refusal({text, "no signature"}).starts_with("BadSignature: "));
  EXPECT_TRUE(refusal({text, eve.Sign(text, name_space)}).starts_with("UnknownSigner: the answer "))
      << refusal({text, eve.Sign(text, name_space)});
  signers.ssh = regulator.Allowed("audit@regulator.example", "valid-before=\"20200101\"");
  EXPECT_TRUE(refusal({text, regulator.Sign(text, name_space)}).starts_with("Expired: "));
}

TEST_F(AnswerTest, IsRefusedForAnotherPlanOrMapOrWithoutApproval) {
  EXPECT_TRUE(Refusal(With("plan", Sha256Of("another").ToString())).starts_with("OtherPlan: "));
  EXPECT_TRUE(Refusal(With("map", "routes")).starts_with("OtherPlan: "));
  EXPECT_EQ(Refusal(With("decision", "reject")),
            "NotApproved: the answer decides \"reject\"; only \"approve\" lets the plan go on");
}

TEST_F(AnswerTest, IsRefusedWhenItIsTooOldOrOfAnotherTime) {
  const std::string text = manifests::CanonicalJson(Good());
  const auto at = [&](Duration after) {
    const auto judged = VerifyAnswer({text, regulator.Sign(text, std::string(kAnswerNamespace))},
                                     To(after), signers);
    return judged.ok() ? "accepted" : judged.error().message.substr(0, 8);
  };
  EXPECT_EQ(at(std::chrono::hours(24)), "accepted");
  EXPECT_EQ(at(std::chrono::hours(24) + Duration(1)), "TooOld: ");
  EXPECT_EQ(at(-std::chrono::minutes(5)), "accepted");
  EXPECT_EQ(at(-std::chrono::minutes(5) - Duration(1)), "FromTheF");
}

TEST_F(AnswerTest, IsRefusedWhenItIsNoAnswer) {
  const std::pair<std::string, std::string> cases[] = {
      {"approve", "is no JSON"},
      {"[]", "is no object"},
      {With("apiVersion", "portolan.answer/v2"), "another apiVersion"},
      {With("at", "yesterday"), "\"at\" is no time"},
      {With("class", "secret"), "\"class\" is neither"},
      {With("until", "2027"), "unknown member \"until\""},
      {With("reason", 5), "\"reason\" is no string"},
      {With("reason", std::string(17 << 10, 'x')), "longer than 16 KiB"}};
  for (const auto& [text, part] : cases)
    EXPECT_NE(Refusal(text).find(part), std::string::npos) << Refusal(text);
}

}  // namespace
}  // namespace portolan::controller
