#include "controller/config/config.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  Result<DaemonConfig> Load(const std::string& text) {
    return LoadConfig(directory_.Write("portolan.yaml", text));
  }
  std::string Refusal(const std::string& text) {
    const auto config = Load(text);
    return config.ok() ? "accepted" : config.error().message;
  }
  // What is said of a configuration whose only source has these members too.
  std::string SourceRefusal(const std::string& members) {
    return Refusal("sources: [{name: a, url: \"https://h/r.git\", " + members + "}]\n");
  }

  TemporaryDirectory directory_;
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(ConfigTest, AFullFileIsReadWithPathsFromItsFolderAndSecretsFromTheirFiles) {
  directory_.Write("git-token", "s3cret\n");
  directory_.Write("hook", "h00k\n");
  const auto config = Load(R"(
environment: {name: prod-eu, tier: prod, regions: [eu-1, eu-2]}
state: state/
listen: {control: "[::1]:7000", socket: /run/portolan.sock}
sources:
  - {name: edge, url: https://git.example.com/maps.git, branch: release/1, path: maps/, poll: 1m30s, verify: none,
     onRewrite: accept, atomic: true, tokenFile: git-token,
     caFile: git-token}
  - {name: core, url: /srv/core.git}
tokens: tokens.yaml
hooks: {secretFile: hook}
policyDelay: 1h
policyOwners: [sre, ana@example.com]
)");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->environment.name, "prod-eu");
  EXPECT_EQ(config->environment.tier, "prod");
  EXPECT_EQ(config->environment.regions, (std::vector<std::string>{"eu-1", "eu-2"}));
  EXPECT_EQ(config->state, directory_.File("state"));
  EXPECT_EQ(config->listen.control, "[::1]:7000");
  EXPECT_EQ(config->listen.socket, "/run/portolan.sock");
  EXPECT_EQ(config->tokens, directory_.File("tokens.yaml"));
  EXPECT_EQ(config->hook_secret_file, directory_.File("hook"));
  EXPECT_EQ(config->hook_secret, "h00k");
  EXPECT_EQ(config->policy_delay, std::chrono::hours(1));
  EXPECT_EQ(config->policy_owners, (std::vector<std::string>{"sre", "ana@example.com"}));
  ASSERT_EQ(config->sources.size(), 2u);
  const SourceConfig& edge = config->sources[0];
  EXPECT_EQ(edge.name, "edge");
  EXPECT_EQ(edge.url, "https://git.example.com/maps.git");
  EXPECT_EQ(edge.branch, "release/1");
  EXPECT_EQ(edge.path, "maps");
  EXPECT_EQ(edge.poll, std::chrono::seconds(90));
  EXPECT_EQ(edge.on_rewrite, OnRewrite::kAccept);
  EXPECT_TRUE(edge.atomic);
  EXPECT_EQ(edge.token, "s3cret");
  EXPECT_EQ(edge.ca_file, directory_.File("git-token"));
}

TEST_F(ConfigTest, PoliciesMayBeInARepositoryOfTheirOwn) {
  const auto config = Load(
      "sources: [{name: a, url: /a}]\n"
      "policySource: {name: rules, url: /rules, branch: live, path: policies}\n"
      "maxPolicyAge: 2h\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_TRUE(config->policy_source);
  EXPECT_EQ(config->policy_source->name, "rules");
  EXPECT_EQ(config->policy_source->branch, "live");
  EXPECT_EQ(config->policy_source->path, "policies");
  EXPECT_EQ(config->max_policy_age, std::chrono::hours(2));
  const auto plain = Load("sources: [{name: a, url: /a}]\n");
  EXPECT_FALSE(plain->policy_source);
  EXPECT_EQ(plain->max_policy_age, std::chrono::hours(24));
}

TEST_F(ConfigTest, APolicySourceIsNoOtherSourceAndAlwaysWaitsWhenItIsRewritten) {
  const std::string maps = "sources: [{name: a, url: /a}]\n";
  EXPECT_SAYS(Refusal(maps + "policySource: {name: a, url: /b}\n"),
              "a source is named \"a\" already");
  EXPECT_SAYS(Refusal(maps + "policySource: {name: b, url: /b, onRewrite: accept}\n"), "onRewrite");
  EXPECT_SAYS(Refusal(maps + "maxPolicyAge: 1h\n"), "policySource, which is missing");
  EXPECT_SAYS(Refusal(maps + "policySource: {name: b, url: /b}\nmaxPolicyAge: 500ms\n"),
              "expected a duration from 1s to 90d");
}

TEST_F(ConfigTest, VerifiedCommitsNeedAFileOfSigners) {
  directory_.Write("allowed", "ana@corp.example ssh-ed25519 AAAA\n");
  directory_.Write("signers.yaml", "ssh: allowed\n");
  const auto config = Load(
      "sources: [{name: a, url: /a, verify: range, signers: signers.yaml}, {name: b, url: /b}]\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->sources[0].verify, VerifyMode::kRange);
  EXPECT_EQ(config->sources[0].signers, directory_.File("signers.yaml"));
  EXPECT_EQ(config->sources[1].verify, VerifyMode::kNone);
  EXPECT_SAYS(SourceRefusal("verify: head"), "needs to know who may sign");
  EXPECT_SAYS(SourceRefusal("signers: nothing.yaml"), "no such file");
}

TEST_F(ConfigTest, ReadsProvidersOfMetricsWithPathsFromItsFolder) {
  directory_.Write("token", "t0k\n");
  const auto config = Load(R"(
sources: [{name: core, url: /srv/core.git}]
metrics: {providers: [{name: main, type: prometheus, address: "http://127.0.0.1:9090", tokenFile: token}]}
windows: [{name: weekend, days: [sat, sun]}]
)");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->metric_providers.size(), 1u);
  EXPECT_EQ(config->metric_providers[0].token, "t0k");
  ASSERT_EQ(config->windows.size(), 1u);
  EXPECT_EQ(config->windows[0].name, "weekend");
  EXPECT_SAYS(Refusal("sources: [{name: a, url: /a}]\nmetrics: {provider: []}\n"),
              "did you mean \"providers\"?");
}

TEST_F(ConfigTest, DefaultsAreThoseOfTheDocumentation) {
  const auto config = Load("sources: [{name: core, url: /srv/core.git}]\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->environment.name, "default");
  EXPECT_EQ(config->environment.tier, "dev");
  EXPECT_EQ(config->state, "/var/lib/portolan");
  EXPECT_EQ(config->listen.control, "127.0.0.1:7420");
  EXPECT_EQ(config->listen.socket, "");
  EXPECT_FALSE(config->listen.insecure);
  EXPECT_EQ(config->tokens, "");
  EXPECT_EQ(config->hook_secret, "");
  const SourceConfig& source = config->sources[0];
  EXPECT_EQ(source.branch, "main");
  EXPECT_EQ(source.path, "");
  EXPECT_EQ(source.poll, std::chrono::seconds(30));
  EXPECT_EQ(source.on_rewrite, OnRewrite::kHold);
  EXPECT_FALSE(source.atomic);
  EXPECT_EQ(source.token, "");
}

TEST_F(ConfigTest, AllMistakesAreNamedWithTheirPlaces) {
  const std::string message = Refusal(
      "stat: /var/lib\n"
      "environment: prod\n"
      "sources:\n"
      "  - {name: Edge, url: https://h/r.git, poll: 30}\n"
      "  - {name: b}\n");
  EXPECT_SAYS(message, "portolan.yaml:1:1: unknown field \"stat\"; did you mean \"state\"?");
  EXPECT_SAYS(message, "portolan.yaml:2:14: environment: expected an object, found \"prod\"");
  EXPECT_SAYS(message, "portolan.yaml:4:12: sources[0].name: expected lower-case letters");
  EXPECT_SAYS(message, "sources[0].poll: expected a duration");
  EXPECT_SAYS(message, "missing required field \"url\"");
}

TEST_F(ConfigTest, AFileWithoutSourcesIsRefused) {
  EXPECT_SAYS(Refusal("state: /x\n"), "missing required field \"sources\"");
  EXPECT_SAYS(Refusal("sources: []\n"), "expected a list of 1 to 256 sources, found 0");
  EXPECT_EQ(LoadConfig(directory_.File("none.yaml")).error().code, ErrorCode::kNotFound);
}

TEST_F(ConfigTest, SourcesHaveNamesOfTheirOwn) {
  EXPECT_SAYS(Refusal("sources: [{name: a, url: /a}, {name: a, url: /b}]\n"),
              "a second source named \"a\"");
}

TEST_F(ConfigTest, WrongSourceFieldsAreRefused) {
  EXPECT_SAYS(SourceRefusal("poll: 10ms"), "expected a duration from 100ms to 24h, found \"10ms\"");
  EXPECT_SAYS(SourceRefusal("branch: a..b"), "expected a branch's name");
  EXPECT_SAYS(SourceRefusal("path: ../up"), "expected a folder inside the repository");
  EXPECT_SAYS(SourceRefusal("verify: gpg"), "sources[0].verify");
  EXPECT_SAYS(SourceRefusal("onRewrite: maybe"), "sources[0].onRewrite");
  EXPECT_SAYS(SourceRefusal("tokenFile: none"), "no such file");
  EXPECT_SAYS(SourceRefusal("caFile: none"), "expected a file of PEM certificates");
  EXPECT_SAYS(Refusal("sources: [{name: a, url: \"ssh://h/r.git\"}]\n"), "sources[0].url: ");
}

TEST_F(ConfigTest, ATokenDoesNotTravelInTheClear) {
  directory_.Write("git-token", "s3cret");
  const std::string message =
      Refusal("sources: [{name: a, url: /srv/r.git, tokenFile: git-token}]\n");
  EXPECT_SAYS(message, "a token may only travel by https");
  EXPECT_EQ(message.find("s3cret"), std::string::npos);
}

TEST_F(ConfigTest, WhatDoesNotWorkYetIsRefused) {
  EXPECT_SAYS(Refusal("sources: [{name: a, url: /a}]\nproviders: {}\n"),
              "stand in metrics.providers");
  EXPECT_SAYS(Refusal("sources: [{name: a, url: /a}]\nlisten: {data: 127.0.0.1:7421}\n"),
              "not supported yet");
}

TEST_F(ConfigTest, ListeningBeyondThisMachineNeedsInsecure) {
  const std::string open = "sources: [{name: a, url: /a}]\nlisten: {control: 0.0.0.0:7420";
  EXPECT_SAYS(Refusal(open + "}\n"),
              "portolan.yaml:2:19: listen.control: \"0.0.0.0:7420\" can be reached");
  const auto config = Load(open + ", insecure: true}\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->listen.insecure);
}

TEST(CheckControlAddress, TakesLoopbackOnly) {
  for (const char* address :
       {"127.0.0.1:7420", "127.1.2.3:1", "localhost:7420", "[::1]:7420", "127.0.0.1:0"})
    EXPECT_TRUE(CheckControlAddress({address, "", false}).ok()) << address;
  for (const char* address :
       {"0.0.0.0:7420", "[::]:7420", "10.0.0.1:1", "example.com:1", "127.evil.com:1"})
    EXPECT_EQ(CheckControlAddress({address, "", false}).error().code, ErrorCode::kDenied)
        << address;
  for (const char* address : {"", "127.0.0.1:x", "unix:///run/x.sock", "https://127.0.0.1:1"})
    EXPECT_EQ(CheckControlAddress({address, "", false}).error().code, ErrorCode::kInvalid)
        << address;
}

TEST(ConfigForRepo, IsOneSourceNamedAfterTheRepository) {
  const auto config = ConfigForRepo("https://host/team/Edge_Maps.git", "main", "maps/", "state");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->sources.size(), 1u);
  EXPECT_EQ(config->sources[0].name, "edge-maps");
  EXPECT_EQ(config->sources[0].url, "https://host/team/Edge_Maps.git");
  EXPECT_EQ(config->sources[0].branch, "main");
  EXPECT_EQ(config->sources[0].path, "maps");
  EXPECT_EQ(config->state, (std::filesystem::current_path() / "state").string());
}

TEST(ConfigForRepo, AFolderBecomesAnAbsolutePath) {
  const auto config = ConfigForRepo(".", "main", "", "/tmp/state");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->sources[0].url.starts_with('/'));
  EXPECT_FALSE(config->sources[0].name.empty());
}

TEST(ConfigForRepo, RefusesWhatNoSourceCanBe) {
  EXPECT_FALSE(ConfigForRepo("git://host/r.git", "main", "", "s").ok());
  EXPECT_FALSE(ConfigForRepo("https://host/r.git", "-b", "", "s").ok());
  EXPECT_FALSE(ConfigForRepo("https://host/r.git", "main", "../up", "s").ok());
}

TEST_F(ConfigTest, ValidatorsAreThoseOfTheFileItNames) {
  directory_.Write("validators.yaml", "- {name: rules, promtool: true}\n");
  const auto config = Load("sources: [{name: a, url: /a}]\nvalidators: validators.yaml\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->validators.size(), 1u);
  EXPECT_EQ(config->validators[0].name, "rules");
  EXPECT_SAYS(Refusal("sources: [{name: a, url: /a}]\nvalidators: none.yaml\n"), "no such file");
}

}  // namespace
}  // namespace portolan::controller
