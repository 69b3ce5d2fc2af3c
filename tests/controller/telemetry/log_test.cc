#include "controller/telemetry/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace portolan::controller {
namespace {

class FixedClock final : public Clock {
 public:
  Now now() const override { return {WallTime(Duration(1'795'224'600'250)), Duration(0)}; }
};

class LoggerTest : public ::testing::Test {
 protected:
  std::string Logged(std::string_view message, const LogFields& fields = {}) {
    logger_.Log(LogLevel::kInfo, message, fields);
    return std::exchange(written_, "");
  }

  FixedClock clock_;
  std::string written_;
  Logger logger_{clock_, LogLevel::kInfo, [this](std::string_view line) { written_ += line; }};
};

TEST_F(LoggerTest, WritesOneJsonObjectALine) {
  EXPECT_EQ(Logged("fetched", {{"source", "edge"}, {"ms", 12}}),
            "{\"time\":\"2026-11-21T01:30:00.250Z\",\"level\":\"info\",\"message\":\"fetched\","
            "\"source\":\"edge\",\"ms\":12}\n");
}

TEST_F(LoggerTest, WritesNothingBelowTheMinimum) {
  logger_.Log(LogLevel::kDebug, "noise");
  EXPECT_EQ(written_, "");
  logger_.Log(LogLevel::kError, "broken");
  EXPECT_NE(written_.find("\"level\":\"error\""), std::string::npos);
}

TEST_F(LoggerTest, WhatComesFromOutsideCannotForgeALineOrMoveTheCursor) {
  const std::string line = Logged("a\nb\x1b[2J", {{"key", "\u202Eevil\u202C"}, {"raw", "\xff"}});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  const auto read = manifests::ParseJson(line);
  ASSERT_TRUE(read.ok()) << line;
  EXPECT_EQ(read->StringOr("message", ""), "a\nb\x1b[2J");
  EXPECT_NE(line.find("\\u202eevil\\u202c"), std::string::npos);
  EXPECT_EQ(read->StringOr("raw", ""), "\xEF\xBF\xBD");
}

TEST_F(LoggerTest, AFieldCannotReplaceWhatEveryLineHas) {
  const auto read = manifests::ParseJson(Logged("real", {{"message", "forged"}, {"time", 0}}));
  EXPECT_EQ(read->StringOr("message", ""), "real");
  EXPECT_EQ(read->StringOr("message_", ""), "forged");
  EXPECT_EQ(read->StringOr("time", ""), "2026-11-21T01:30:00.250Z");
}

TEST_F(LoggerTest, CutsLongTextsBetweenCodePoints) {
  std::string text(kLogTextBytesMax - 1, 'x');
  const auto read = manifests::ParseJson(Logged(text + "€€€"));
  EXPECT_EQ(read->StringOr("message", ""), text + "…");
}

TEST_F(LoggerTest, LinesOfManyThreadsStayWhole) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) logger_.Log(LogLevel::kInfo, "line");
    });
  for (std::thread& thread : threads) thread.join();
  int lines = 0;
  for (std::size_t begin = 0, end; (end = written_.find('\n', begin)) != std::string::npos;
       begin = end + 1, ++lines)
    ASSERT_TRUE(manifests::ParseJson(std::string_view(written_).substr(begin, end - begin)).ok());
  EXPECT_EQ(lines, 800);
}

TEST(WriteToStderr, WritesTheWholeLine) {
  ::testing::internal::CaptureStderr();
  WriteToStderr("a line\n");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "a line\n");
}

}  // namespace
}  // namespace portolan::controller
