#include <gtest/gtest.h>

#include "controller/audit/package.h"
#include "mapcore/base/digest.h"
#include "tests/contracts/temporary_directory.h"
#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

const std::string kPlan = Sha256Of("plan").ToString();

TEST(AuditExport, WritesASealedPackageAsAnArchiveOrAFolder) {
  const TemporaryDirectory directory;
  CliHarness cli;
  cli.daemon.On("GET /v1/plans/sha256%3A" + kPlan.substr(7) + "/audit", 200,
                R"({"files": {"plan.json": "{}", "source/a.yaml": "x"}})");
  for (const std::string name : {"/p.tar", "/p"}) {
    const std::string out = directory.path() + name;
    EXPECT_EQ(cli.Run({"audit", "export", "--plan", kPlan, "--out", out}), 0) << cli.err();
    EXPECT_EQ(cli.out(), out + "\n");
    const auto files = ReadPackage(out);
    ASSERT_TRUE(files.ok()) << files.error().message;
    EXPECT_EQ(files->size(), 3u);
    EXPECT_EQ(files->at("source/a.yaml"), "x");
    EXPECT_TRUE(CheckSeal(*files).ok());
  }
  EXPECT_EQ(cli.Run({"audit", "export", "--plan", kPlan, "--out", directory.path() + "/p"}), 6);
  EXPECT_EQ(cli.Run({"audit", "export", "--plan", kPlan}), 64);
}

TEST(AuditVerify, Exits10AndNamesWhatDoesNotFit) {
  const TemporaryDirectory directory;
  PackageFiles files{{"plan.json", "{}"}};
  SealPackage(files);
  files["plan.json"] = "[]";
  ASSERT_TRUE(WritePackage(directory.path() + "/p.tar", files).ok());
  CliHarness cli;
  EXPECT_EQ(cli.Run({"audit", "verify", directory.path() + "/p.tar"}), 10);
  EXPECT_NE(cli.err().find("plan.json is not what checksums.txt says of it"), std::string::npos)
      << cli.err();
  EXPECT_EQ(cli.Run({"audit", "verify", directory.path() + "/absent"}), 5);
  EXPECT_EQ(cli.Run({"audit", "verify", directory.path() + "/p.tar", "--signers", "absent"}), 5);
}

}  // namespace
}  // namespace portolan::controller
