#include "controller/zones/zone_directory.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::controller {
namespace {

using namespace reconciler::cel;  // the language that the zones are for

TEST(ZoneDirectory, AnswersForPlacesWithOddOffsets) {
  const auto zones = ZoneDirectory::Open();
  ASSERT_TRUE(zones.ok()) << zones.error().message;
  const CompileOptions options{.zones = zones->get()};
  EXPECT_EQ(Eval("timestamp('2009-02-13T23:31:30Z').getMinutes('Asia/Kathmandu')", {}, options),
            "16");
  EXPECT_EQ(Eval("timestamp('2009-02-13T23:31:30Z').getHours('Australia/Sydney')", {}, options),
            "10");
  EXPECT_EQ(Eval("timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin')", {}, options), "14");
  EXPECT_EQ(Eval("timestamp('2026-12-01T12:00:00Z').getHours('Europe/Berlin')", {}, options), "13");
}

TEST(ZoneDirectory, RefusesUnknownNamesAtCompileTime) {
  const auto zones = ZoneDirectory::Open();
  ASSERT_TRUE(zones.ok());
  EXPECT_EQ(Eval("timestamp(0).getHours('Mars/Olympus')", {}, {.zones = zones->get()}),
            "refused: 1:23: no such time zone `Mars/Olympus`; write a name such as Europe/Berlin, "
            "or an offset such as +02:00");
  TestVariables variables;
  variables.With("tz", Type::String(), Value::String("Mars/Olympus"));
  EXPECT_EQ(Eval("timestamp(0).getHours(tz)", variables, {.zones = zones->get()}).substr(0, 27),
            "error: no such time zone `M");
}

TEST(ZoneDirectory, NeverLeavesItsFolder) {
  const auto zones = ZoneDirectory::Open();
  ASSERT_TRUE(zones.ok());
  for (const char* name : {"../zoneinfo/UTC", "/etc/passwd", "Europe", "", "zone.tab", "a//b"})
    EXPECT_FALSE((*zones)->Find(name).ok()) << name;
}

TEST(ZoneDirectory, SaysWhatToInstallWhenThereAreNone) {
  EXPECT_EQ(ZoneDirectory::Open("/nonexistent").error().message,
            "no time zones in /nonexistent; install the package tzdata");
}

}  // namespace
}  // namespace portolan::controller
