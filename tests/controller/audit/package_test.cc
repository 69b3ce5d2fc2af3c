#include "controller/audit/package.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

PackageFiles Sample() {
  PackageFiles files{{"plan.json", "{}"},
                     {"source/maps/a.yaml", std::string(1'000, 'a') + '\0' + "b"},
                     {"source/" + std::string(90, 'd') + "/" + std::string(90, 'f'), ""}};
  SealPackage(files);
  return files;
}

TEST(Package, IsTheSameAfterItWasReadFromAnArchiveOrAFolder) {
  const TemporaryDirectory directory;
  for (const std::string name : {"/p.tar", "/p"}) {
    ASSERT_TRUE(WritePackage(directory.path() + name, Sample()).ok());
    const auto read = ReadPackage(directory.path() + name);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, Sample());
    EXPECT_TRUE(CheckSeal(*read).ok());
    EXPECT_EQ(WritePackage(directory.path() + name, Sample()).error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(ReadPackage(directory.path() + "/absent").error().code, ErrorCode::kNotFound);
}

TEST(Package, IsAnArchiveThatTarReads) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(WritePackage(directory.path() + "/p.tar", Sample()).ok());
  const std::string command = "cd " + directory.path() +
                              " && mkdir x && tar xf p.tar -C x && cd x && "
                              "sha256sum -c --quiet checksums.txt";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Package, AnyBitOfAnArchiveThatFlipsIsSeen) {
  const std::string archive = WriteTar(Sample()).value();
  for (std::size_t at = 0; at < archive.size(); at += 7) {
    std::string flipped = archive;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    const auto read = ReadTar(flipped);
    EXPECT_FALSE(read.ok() && CheckSeal(*read).ok()) << "at byte " << at;
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{511}, archive.size() / 2})
    EXPECT_FALSE(ReadTar(archive.substr(0, size)).ok()) << size;
}

TEST(Package, TheSealNamesTheFirstFileThatDoesNotFit) {
  PackageFiles files = Sample();
  files["plan.json"] = "[]";
  EXPECT_EQ(CheckSeal(files).error().message, "plan.json is not what checksums.txt says of it");
  files = Sample();
  files["more.json"] = "";
  EXPECT_EQ(CheckSeal(files).error().message, "more.json is not what checksums.txt says of it");
  files = Sample();
  files.erase("plan.json");
  EXPECT_EQ(CheckSeal(files).error().message, "plan.json is missing");
  files.erase("checksums.txt");
  EXPECT_EQ(CheckSeal(files).error().message, "checksums.txt is missing");
}

TEST(Package, NeverLeavesItsFolder) {
  for (const std::string path : {"../a", "/etc/passwd", "a/../../b", "a//b", "."}) {
    const auto archive = WriteTar({{path, "x"}});
    ASSERT_TRUE(archive.ok());
    EXPECT_FALSE(ReadTar(*archive).ok()) << path;
  }
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/p");
  std::filesystem::create_symlink("/etc/passwd", directory.path() + "/p/plan.json");
  EXPECT_EQ(ReadPackage(directory.path() + "/p").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::controller
