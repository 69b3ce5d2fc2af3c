#include "controller/config/windows_config.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::controller {
namespace {

struct Read {
  explicit Read(const std::string& yaml) {
    manifests::Decoding d(yaml);
    windows = ReadWindows(d.field(), d.report);
    errors = d.Text();
  }
  std::vector<reconciler::FreezeWindow> windows;
  std::string errors;
};

TEST(WindowsConfig, ReadsWeeklyWindowsAndSpans) {
  const Read read(R"(
- {name: weekend, days: [sat, sun], maps: ["prices*"], zone: "+01:00"}
- {name: nights, from: "22:30", to: "06:00"}
- {name: sale, from: "2026-11-27T00:00:00Z", to: "2026-12-01T00:00:00Z"}
)");
  EXPECT_EQ(read.errors, "");
  ASSERT_EQ(read.windows.size(), 3u);
  EXPECT_EQ(read.windows[0].days, (std::vector<int>{6, 0}));
  EXPECT_EQ(read.windows[0].maps, std::vector<std::string>{"prices*"});
  EXPECT_EQ(read.windows[0].zone, "+01:00");
  EXPECT_EQ(read.windows[1].start_minute, 22 * 60 + 30);
  EXPECT_EQ(read.windows[1].end_minute, 6 * 60);
  EXPECT_EQ(read.windows[2].from, ParseTime("2026-11-27T00:00:00Z").value());
}

TEST(WindowsConfig, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "expected a list of at most 100 windows"},
      {"[{days: [sat]}]", "name"},
      {"[{name: a, days: [saturday]}]", "found \"saturday\""},
      {"[{name: a, from: \"22:00\"}]", "expected both of from and to"},
      {"[{name: a, from: \"22:00\", to: \"25:00\"}]", "expected a time of day"},
      {"[{name: a, from: \"24:00\", to: \"06:00\"}]", "expected a time of day"},
      {"[{name: a, from: \"9:00\", to: \"17:00\"}]", "expected a time of day"},
      {"[{name: a, from: \"2026-12-01T00:00:00Z\", to: \"2026-11-01T00:00:00Z\"}]",
       "the first one earlier"},
      {"[{name: a, days: [sat], from: \"2026-11-01T00:00:00Z\", to: \"2026-12-01T00:00:00Z\"}]",
       "days and zone are for windows that come back"},
      {"[{name: a, zone: Nowhere/Town}]", "Nowhere/Town"},
      {"[{name: a}, {name: a}]", "a second window named"}};
  for (const auto& [yaml, why] : cases)
    EXPECT_NE(Read(yaml).errors.find(why), std::string::npos) << yaml << "\n" << Read(yaml).errors;
}

}  // namespace
}  // namespace portolan::controller
