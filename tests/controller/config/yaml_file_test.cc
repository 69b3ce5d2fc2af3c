#include "controller/config/yaml_file.h"

#include <gtest/gtest.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

TEST(YamlFile, IsOneDocument) {
  const TemporaryDirectory directory;
  const auto node = ReadYamlFile(directory.Write("a.yaml", "a: 1\n"));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->Find("a")->text, "1");
  EXPECT_EQ(ReadYamlFile(directory.Write("empty.yaml", "# nothing\n")).error().code,
            ErrorCode::kInvalid);
  const auto two = ReadYamlFile(directory.Write("two.yaml", "a: 1\n---\nb: 1\n"));
  EXPECT_NE(two.error().message.find("expected one YAML document, found 2"), std::string::npos);
}

TEST(YamlFile, SaysWhereItIsBroken) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("a.yaml", "a: 1\na: 2\n");
  const auto node = ReadYamlFile(path);
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().message.rfind(path + ":2:1: ", 0), 0u) << node.error().message;
}

TEST(YamlFile, ReadFileTellsAbsentDirectoryAndTooLargeApart) {
  const TemporaryDirectory directory;
  EXPECT_EQ(ReadFile(directory.File("none"), 10).error().code, ErrorCode::kNotFound);
  EXPECT_NE(ReadFile(directory.path(), 10).error().message.find("found a directory"),
            std::string::npos);
  EXPECT_EQ(*ReadFile(directory.Write("ten", "0123456789"), 10), "0123456789");
  EXPECT_EQ(ReadFile(directory.File("ten"), 9).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace portolan::controller
