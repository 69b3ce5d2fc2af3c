#include "controller/config/metrics_config.h"

#include <gtest/gtest.h>

#include "tests/contracts/temporary_directory.h"
#include "tests/manifests/decode_fixture.h"

namespace portolan::controller {
namespace {

class MetricsConfigTest : public testing::Test {
 protected:
  std::vector<MetricProviderConfig> Read(const std::string& yaml) {
    manifests::Decoding d(yaml);
    auto providers = ReadMetricProviders(d.field(), directory.path(), d.report);
    errors = d.Text();
    return providers;
  }
  // What is said of one provider that has these members too.
  void ExpectRefusal(const std::string& members, std::string_view why) {
    Read("providers: [{" + members + "}]");
    EXPECT_NE(errors.find(why), std::string::npos) << members << "\n" << errors;
  }

  TemporaryDirectory directory;
  std::string errors;
};

TEST_F(MetricsConfigTest, ReadsEveryFieldAndTheSecretsFromTheirFiles) {
  directory.Write("token", "t0k\n");
  directory.Write("key", "k3y\n");
  const auto providers = Read(R"(
providers:
  - {name: main, type: prometheus, address: "https://prom.example.com/base/", tokenFile: token, concurrency: 4,
     headers: [{name: X-Scope-OrgID, valueFile: key}]}
  - {name: stats, type: web, address: "http://10.0.0.7:8080"}
)");
  EXPECT_EQ(errors, "");
  ASSERT_EQ(providers.size(), 2u);
  EXPECT_EQ(providers[0].name, "main");
  EXPECT_EQ(providers[0].type, ProviderType::kPrometheus);
  EXPECT_EQ(providers[0].address, "https://prom.example.com");
  EXPECT_EQ(providers[0].prefix, "/base");
  EXPECT_EQ(providers[0].token, "t0k");
  EXPECT_EQ(providers[0].concurrency, 4);
  EXPECT_EQ(providers[0].headers,
            (std::vector<std::pair<std::string, std::string>>{{"X-Scope-OrgID", "k3y"}}));
  EXPECT_EQ(providers[1].type, ProviderType::kWeb);
  EXPECT_EQ(providers[1].address, "http://10.0.0.7:8080");
  EXPECT_EQ(providers[1].prefix, "");
  EXPECT_EQ(providers[1].concurrency, 2);
}

TEST_F(MetricsConfigTest, WithoutMetricsThereIsNone) {
  manifests::Report report("t.yaml");
  EXPECT_TRUE(ReadMetricProviders({}, directory.path(), report).empty());
  EXPECT_TRUE(report.clean());
}

TEST_F(MetricsConfigTest, ReportsEverythingAtOnceWithItsPlace) {
  Read(
      "providers:\n- {name: a, type: promtheus, address: h:1, adress: x}\n- {name: a, type: "
      "web}\n");
  EXPECT_EQ(errors,
            "t.yaml:2:19: providers[0].type: expected \"prometheus\" or \"web\", found "
            "\"promtheus\"; did you mean \"prometheus\"?\n"
            "t.yaml:2:39: providers[0].address: expected http://HOST:PORT or https://HOST, without "
            "a user, found \"h:1\"\n"
            "t.yaml:2:44: unknown field \"providers[0].adress\"; did you mean \"address\"?\n"
            "t.yaml:3:3: providers[1]: a second provider named \"a\"; give it another name\n"
            "t.yaml:3:3: providers[1]: missing required field \"address\"\n");
}

TEST_F(MetricsConfigTest, RefusesAddressesThatAreNone) {
  for (const char* address : {"ftp://h", "unix:///x", "http://", "http://u:p@h", "http://h/?q=1",
                              "http://h:x", "file:///etc/passwd"})
    ExpectRefusal("name: a, type: web, address: \"" + std::string(address) + "\"",
                  "expected http://HOST:PORT");
}

TEST_F(MetricsConfigTest, SendsNoSecretInTheClearToAnotherMachine) {
  directory.Write("token", "t0k\n");
  ExpectRefusal("name: a, type: web, address: \"http://10.0.0.1:80\", tokenFile: token",
                "a secret may only travel by https");
  ExpectRefusal(
      "name: a, type: web, address: \"http://10.0.0.1:80\", headers: [{name: X, valueFile: token}]",
      "a secret may only travel by https");
  Read("providers: [{name: a, type: web, address: \"http://127.0.0.1:80\", tokenFile: token}]");
  EXPECT_EQ(errors, "");
}

TEST_F(MetricsConfigTest, RefusesWhatCannotBeUsed) {
  const std::string plain = "name: a, type: web, address: \"http://127.0.0.1:1\", ";
  directory.Write("token", "t0k\n");
  ExpectRefusal(plain + "concurrency: 9", "from 1 to 8");
  ExpectRefusal(plain + "tokenFile: absent", "absent");
  ExpectRefusal(plain + "headers: [{name: Host, valueFile: token}]", "a header that may be set");
  ExpectRefusal(plain + "headers: [{name: \"a: b\", valueFile: token}]",
                "a header that may be set");
  ExpectRefusal(plain + "headers: {}", "expected a list");
  Read("providers: {}");
  EXPECT_NE(errors.find("expected a list of at most 16 providers"), std::string::npos) << errors;
}

}  // namespace
}  // namespace portolan::controller
