#include "controller/cli/sse_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace portolan::controller {
namespace {

std::vector<std::string> Read(SseReader& reader, const std::vector<std::string>& lines) {
  std::vector<std::string> events;
  for (const std::string& line : lines)
    EXPECT_TRUE(reader.TakeLine(line, [&](std::string_view data) {
      events.emplace_back(data);
      return true;
    }));
  return events;
}

TEST(SseReader, JoinsTheDataLinesOfAnEventAndSkipsTheRest) {
  SseReader reader;
  EXPECT_EQ(
      Read(reader, {": hello", "", "id: 4", "event: x", "data: a", "data:b", "", "data: c", ""}),
      (std::vector<std::string>{"a\nb", "c"}));
}

TEST(SseReader, StopsWhenTheReceiverHasEnough) {
  SseReader reader;
  EXPECT_TRUE(reader.TakeLine("data: a", [](std::string_view) { return false; }));
  EXPECT_FALSE(reader.TakeLine("", [](std::string_view) { return false; }));
}

TEST(SseReader, RefusesAnEventWithoutEnd) {
  SseReader reader;
  const std::string line = "data: " + std::string(kSseEventBytesMax / 2, 'x');
  const auto go_on = [](std::string_view) { return true; };
  EXPECT_TRUE(reader.TakeLine(line, go_on));
  EXPECT_FALSE(reader.TakeLine(line + "xx", go_on));
}

}  // namespace
}  // namespace portolan::controller
