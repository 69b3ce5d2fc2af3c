#include "controller/config/validators_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

class ValidatorsFileTest : public testing::Test {
 protected:
  ValidatorsFileTest() {
    directory_.Write("check", "#!/bin/sh\n");
    fs::permissions(directory_.File("check"), fs::perms::owner_all);
  }
  Result<std::vector<ValidatorConfig>> Load(const std::string& text) {
    return LoadValidators(directory_.Write("validators.yaml", text));
  }
  std::string Refusal(const std::string& text) {
    const auto loaded = Load(text);
    return loaded.ok() ? "accepted" : loaded.error().message;
  }

  TemporaryDirectory directory_;
};

TEST_F(ValidatorsFileTest, ReadsProgramsFromItsFolderWithTheirLimits) {
  const auto loaded = Load(
      "- {name: conftest, exec: [check, --strict], deadline: 2500ms, memoryMiB: 64, outputKiB: 2}\n"
      "- {name: rules, promtool: true}\n");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  ASSERT_EQ(loaded->size(), 2u);
  const ValidatorConfig& conftest = loaded->front();
  EXPECT_EQ(conftest.command, (std::vector<std::string>{directory_.File("check"), "--strict"}));
  EXPECT_EQ(conftest.limits.deadline, std::chrono::milliseconds(2500));
  EXPECT_EQ(conftest.limits.cpu_seconds, 3u);
  EXPECT_EQ(conftest.limits.memory_bytes, 64u << 20);
  EXPECT_EQ(conftest.limits.output_bytes, 2048u);
  EXPECT_TRUE(loaded->back().command.empty());
  EXPECT_EQ(loaded->back().limits.deadline, std::chrono::seconds(5));
}

TEST_F(ValidatorsFileTest, RefusesWhatCannotBeRunOrCouldBeChangedByOthers) {
  EXPECT_NE(Refusal("[{name: a, exec: [nothing]}]\n").find("cannot run"), std::string::npos);
  fs::permissions(directory_.File("check"), fs::perms::all);
  EXPECT_NE(Refusal("[{name: a, exec: [check]}]\n").find("may be changed by others"),
            std::string::npos);
}

TEST_F(ValidatorsFileTest, RefusesBothKindsNeitherAndOneNameTwice) {
  EXPECT_NE(Refusal("[{name: a}]\n").find("expected either exec"), std::string::npos);
  EXPECT_NE(Refusal("[{name: a, exec: [check], promtool: true}]\n").find("expected either exec"),
            std::string::npos);
  EXPECT_NE(Refusal("[{name: a, promtool: true}, {name: a, promtool: true}]\n")
                .find("a second validator named \"a\""),
            std::string::npos);
  EXPECT_NE(Refusal("[{name: a, promtool: true, deadline: 1h}]\n").find("from 100ms to 1m"),
            std::string::npos);
  EXPECT_NE(Refusal("{name: a}\n").find("expected a list"), std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
