#include "controller/cli/output.h"

#include <gtest/gtest.h>

#include <sstream>

namespace portolan::controller {
namespace {

TEST(TextTable, AlignsByCharactersAndCutsNothing) {
  TextTable table({"A", "B", "C"});
  table.Add({"é", "long cell", "x"});
  table.Add({"ab", "-", std::string(200, 'y')});
  std::ostringstream out;
  table.Print(out, false);
  EXPECT_EQ(out.str(),
            "A   B          C\né   long cell  x\nab  -          " + std::string(200, 'y') + "\n");
}

TEST(Output, ShortensDigestsCommitsAndAges) {
  const WallTime now = ParseTime("2026-11-21T12:00:00Z").value();
  EXPECT_EQ(ShortDigest("sha256:" + std::string(64, 'e')), "eeeeeeeeeeee");
  EXPECT_EQ(ShortDigest(""), "-");
  EXPECT_EQ(ShortCommit("8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809"), "8c1f0e2");
  EXPECT_EQ(ShortCommit("main"), "main");
  EXPECT_EQ(FormatAge("2026-11-21T11:59:18Z", now), "42s");
  EXPECT_EQ(FormatAge("2026-11-21T10:00:00Z", now), "2h");
  EXPECT_EQ(FormatAge("2026-11-12T12:00:00Z", now), "9d");
  EXPECT_EQ(FormatAge("2026-11-21T12:00:09Z", now), "0s");
  EXPECT_EQ(FormatAge("", now), "-");
  EXPECT_EQ(FormatWeight(12345), "12.345%");
  EXPECT_EQ(FormatWeight(5000), "5%");
}

TEST(Output, RefusesAFormatThatDoesNotExist) {
  EXPECT_FALSE(ParseOutputFormat("yaml").ok());
  EXPECT_EQ(ParseOutputFormat("jsonl").value(), OutputFormat::kJsonLines);
  EXPECT_EQ(ParseOutputFormat("").value(), OutputFormat::kTable);
}

}  // namespace
}  // namespace portolan::controller
