#include "manifests/text_source.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::manifests {
namespace {

using namespace std::string_literals;

std::string Place(TextSource& source, std::size_t offset) {
  const Position position = source.At(offset);
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

std::string Complaint(const std::string& bytes) {
  const auto problem = TextSource(bytes).Check(100);
  return problem ? FormatDiagnostic(*problem) : "";
}

TEST(TextSource, PlacesOffsetsInAnyOrder) {
  const std::string text = "aü日😀b\n\nc\n";
  TextSource source(text);
  const std::pair<std::size_t, std::string> places[] = {
      {0, "1:1"},  {1, "1:2"},  {3, "1:3"},  {6, "1:4"},  {10, "1:5"}, {11, "1:6"},
      {12, "2:1"}, {13, "3:1"}, {14, "3:2"}, {15, "4:1"}, {99, "4:1"}, {13, "3:1"},
      {3, "1:3"},  {12, "2:1"}, {11, "1:6"}, {0, "1:1"},  {15, "4:1"},
  };
  for (const auto& [offset, place] : places) EXPECT_EQ(Place(source, offset), place) << offset;
}

TEST(TextSource, LeavesOutTheByteOrderMark) {
  TextSource source("\xEF\xBB\xBFx");
  EXPECT_EQ(source.text(), "x");
  EXPECT_FALSE(source.Check(1).has_value());
  EXPECT_EQ(Place(source, 0), "1:1");
}

TEST(TextSource, AcceptsTextWithTabsAndLineEnds) {
  EXPECT_EQ(Complaint("a\tb\r\nü\x7F"), "");
  EXPECT_EQ(Complaint(""), "");
}

TEST(TextSource, RefusesWhatIsNoText) {
  EXPECT_NE(Complaint("a\nb\0"s).find("2:2: expected text, found the control character 0x00"),
            std::string::npos);
  EXPECT_NE(Complaint("\x1B[1m").find("1:1: expected text, found the control character 0x1B"),
            std::string::npos);
  EXPECT_NE(Complaint("é\xC3").find("1:2: expected UTF-8, found the byte 0xC3"), std::string::npos);
  EXPECT_NE(Complaint("\xFE\xFF\0a"s).find("UTF-16"), std::string::npos);
  EXPECT_NE(Complaint("\xEF\xBB\xBF\xEF\xBB\xBF").find("second byte order mark"),
            std::string::npos);
  EXPECT_NE(Complaint(std::string(101, 'x')).find("101 bytes, at most 100"), std::string::npos);
}

TEST(TextSource, ReportsTheFirstOfTwoProblems) {
  EXPECT_NE(Complaint("\x01\xFF").find("1:1: expected text"), std::string::npos);
  EXPECT_NE(Complaint("\xFF\x01").find("1:1: expected UTF-8"), std::string::npos);
}

}  // namespace
}  // namespace portolan::manifests
