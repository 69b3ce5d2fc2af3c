#include "controller/config/regulated_config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/contracts/temporary_directory.h"
#include "tests/manifests/decode_fixture.h"

namespace portolan::controller {
namespace {

class RegulatedConfigTest : public testing::Test {
 protected:
  RegulatedConfigTest() {
    Write("allowed", "audit@regulator.example ssh-ed25519 AAAA\n");
    Write("signers.yaml", "ssh: allowed\n");
    Write("secret", "s3cret\n");
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory.path() + "/" + name) << text;
  }
  std::pair<std::optional<RegulatedConfig>, std::string> Read(const std::string& yaml) {
    manifests::Decoding d(yaml);
    auto config = ReadRegulated(d.field(), directory.path(), d.report);
    return {std::move(config), d.Text()};
  }

  TemporaryDirectory directory;
};

TEST_F(RegulatedConfigTest, ReadsWhereToAskAndWhoMayAnswer) {
  const auto [config, errors] = Read(
      "{webhook: \"https://approvals.example.com/portolan?t=1\", signers: signers.yaml, "
      "secretFile: secret, deadline: 2s, maxAge: 1h}");
  EXPECT_EQ(errors, "");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->address, "https://approvals.example.com");
  EXPECT_EQ(config->target, "/portolan?t=1");
  EXPECT_EQ(config->signers, directory.path() + "/signers.yaml");
  EXPECT_EQ(config->secret, "s3cret");
  EXPECT_EQ(config->deadline, std::chrono::seconds(2));
  EXPECT_EQ(config->max_age, std::chrono::hours(1));
}

TEST_F(RegulatedConfigTest, HasDefaults) {
  const auto config = Read("{webhook: \"http://127.0.0.1:9\", signers: signers.yaml}").first;
  EXPECT_EQ(config->target, "/");
  EXPECT_EQ(config->secret, "");
  EXPECT_EQ(config->deadline, std::chrono::seconds(5));
  EXPECT_EQ(config->max_age, std::chrono::hours(24));
}

TEST_F(RegulatedConfigTest, SaysWhatIsWrong) {
  const std::string good = "webhook: \"http://h/\", signers: signers.yaml";
  const std::pair<std::string, std::string> cases[] = {
      {"signers: signers.yaml", "webhook"},
      {"webhook: \"http://h/\"", "signers"},
      {"webhook: \"http://me@h/\", signers: signers.yaml", "without a user"},
      {"webhook: \"ftp://h/\", signers: signers.yaml", "expected http://HOST"},
      {"webhook: \"http://h/\", signers: absent.yaml", "absent.yaml"},
      {good + ", secretFile: absent", "absent"},
      {good + ", deadline: 10m", "expected a duration from 100 ms"},
      {good + ", maxAge: 1s", "expected a duration from 60000 ms"},
      {good + ", sigers: x", "sigers"}};
  for (const auto& [yaml, part] : cases)
    EXPECT_NE(Read("{" + yaml + "}").second.find(part), std::string::npos)
        << yaml << "\n"
        << Read("{" + yaml + "}").second;
}

}  // namespace
}  // namespace portolan::controller
