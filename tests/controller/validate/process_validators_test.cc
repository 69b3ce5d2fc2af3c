#include "controller/validate/process_validators.h"

#include <gtest/gtest.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::ValidatorAnswer;

class ProcessValidatorsTest : public testing::Test {
 protected:
  // What a validator that is this shell script says of {"entries": {"a": 1}}.
  Result<ValidatorAnswer> Ask(const std::string& script, ProcessLimits limits = {}) {
    ValidatorConfig config{"v", {"/bin/sh", directory_.Write("script", script)}, limits};
    return ProcessValidators({config}).Ask("v",
                                           Value::Object{{"entries", Value::Object{{"a", 1}}}});
  }
  std::string Refusal(const std::string& script, ProcessLimits limits = {}) {
    const auto answer = Ask(script, limits);
    return answer.ok() ? "answered" : answer.error().message;
  }

  const TemporaryDirectory directory_;
};

TEST_F(ProcessValidatorsTest, ReadsTheRequestAndAllowsOrDenies) {
  const std::string script =
      "if [ \"$(cat)\" = '{\"entries\":{\"a\":1}}' ]; then echo '{\"allow\": true}'; "
      "else echo '{\"allow\": false}'; fi\n";
  const auto allowed = Ask(script);
  ASSERT_TRUE(allowed.ok()) << allowed.error().message;
  EXPECT_TRUE(allowed->allow);
  const auto denied =
      Ask("echo '{\"allow\":false,\"message\":\"no\",\"keys\":[{\"key\":\"a\","
          "\"message\":\"one\"}],\"more\":1}'\n");
  ASSERT_TRUE(denied.ok()) << denied.error().message;
  EXPECT_FALSE(denied->allow);
  EXPECT_EQ(denied->message, "no");
  ASSERT_EQ(denied->keys.size(), 1u);
  EXPECT_EQ(denied->keys[0].key, "a");
  EXPECT_EQ(denied->keys[0].message, "one");
}

TEST_F(ProcessValidatorsTest, ACrashIsAnErrorWhateverWasPrintedBefore) {
  EXPECT_EQ(Refusal("echo '{\"allow\": true}'; echo 'no disk' >&2; exit 7\n"),
            "it exited with status 7: no disk");
  EXPECT_EQ(Refusal("echo '{\"allow\": true}'; kill -SEGV $$\n"), "it died of Segmentation fault");
}

TEST_F(ProcessValidatorsTest, OneThatHangsIsEndedAtItsDeadline) {
  ProcessLimits limits;
  limits.deadline = std::chrono::milliseconds(200);
  EXPECT_EQ(Refusal("echo '{\"allow\": true}'; exec sleep 1000\n", limits),
            "it did not end within 200ms");
}

TEST_F(ProcessValidatorsTest, WhatIsNoVerdictIsAnError) {
  const std::string garbage = Refusal("echo allow\n");
  EXPECT_TRUE(garbage.ends_with("found no JSON")) << garbage;
  EXPECT_TRUE(Refusal("true\n").ends_with("found nothing"));
  EXPECT_TRUE(Refusal("echo '{\"allow\": \"true\"}'\n").ends_with("found no boolean `allow`"));
  EXPECT_TRUE(Refusal("echo '[true]'\n").ends_with("found no boolean `allow`"));
  EXPECT_TRUE(Refusal("echo '{\"allow\":true}{\"allow\":true}'\n").ends_with("found no JSON"));
  EXPECT_TRUE(Refusal("echo '{\"allow\":false,\"allow\":true}'\n").ends_with("found no JSON"));
  EXPECT_TRUE(
      Refusal("echo '{\"allow\":false,\"keys\":[1]}'\n").ends_with("found a key without a name"));
}

TEST_F(ProcessValidatorsTest, TooMuchOutputIsAnError) {
  ProcessLimits limits;
  limits.output_bytes = 4096;
  EXPECT_EQ(Refusal("yes\n", limits), "it printed more than 4096 bytes");
}

TEST_F(ProcessValidatorsTest, WhatItForksEndsWithIt) {
  const std::string marker = directory_.File("alive");
  ASSERT_TRUE(
      Ask("(while :; do date > " + marker + "; done) >/dev/null 2>&1 &\necho '{\"allow\": true}'\n")
          .ok());
  // Nothing writes the file any more: once removed, it stays away.
  std::filesystem::remove(marker);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Ask("echo '{\"allow\": true}'\n").ok());
  EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST_F(ProcessValidatorsTest, SeesNothingOfTheDaemonAndLeavesNothingBehind) {
  setenv("PORTOLAN_TOKEN", "secret", 1);
  const auto answer =
      Ask("env > e; if grep -q secret e; then echo '{\"allow\": false}'; else "
          "echo \"{\\\"allow\\\": true, \\\"message\\\": \\\"$PWD\\\"}\"; fi\n");
  unsetenv("PORTOLAN_TOKEN");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer->allow);
  EXPECT_FALSE(std::filesystem::exists(answer->message)) << answer->message;
}

TEST_F(ProcessValidatorsTest, ANameThatIsNotConfiguredIsAnError) {
  EXPECT_EQ(ProcessValidators({}).Ask("v", {}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
