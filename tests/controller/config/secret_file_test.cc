#include "controller/config/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

TEST(SecretFile, IsOneLineWithoutItsEnd) {
  const TemporaryDirectory directory;
  EXPECT_EQ(*ReadSecretFile(directory.Write("a", "s3cret \n")), "s3cret ");
  EXPECT_EQ(*ReadSecretFile(directory.Write("b", "s3cret\r\n")), "s3cret");
}

TEST(SecretFile, EmptyLongOrOfManyLinesIsInvalidAndNeverQuoted) {
  const TemporaryDirectory directory;
  EXPECT_EQ(ReadSecretFile(directory.Write("a", "\n")).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(
      ReadSecretFile(directory.Write("b", std::string(kSecretBytesMax + 1, 'x'))).error().code,
      ErrorCode::kInvalid);
  const auto lines = ReadSecretFile(directory.Write("c", "hidden\nmore\n"));
  ASSERT_FALSE(lines.ok());
  EXPECT_EQ(lines.error().message.find("hidden"), std::string::npos);
}

TEST(SecretFile, ThatOthersMayReplaceIsDenied) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("a", "secret");
  ASSERT_EQ(::chmod(path.c_str(), 0622), 0);
  EXPECT_EQ(ReadSecretFile(path).error().code, ErrorCode::kDenied);
}

TEST(SecretFile, ThatIsAbsentIsNotFound) {
  const TemporaryDirectory directory;
  EXPECT_EQ(ReadSecretFile(directory.File("none")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
