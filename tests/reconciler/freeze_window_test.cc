#include "reconciler/freeze_window.h"

#include <gtest/gtest.h>

#include "controller/zones/zone_directory.h"

namespace portolan::reconciler {
namespace {

const cel::Zones* Zones() {
  static const auto kZones = controller::ZoneDirectory::Open();
  return kZones.ok() ? kZones->get() : nullptr;
}

WallTime Time(const std::string& text) {
  return ParseTime(text).value();
}

// "name until TIME", or "open".
std::string At(const std::vector<FreezeWindow>& windows, const std::string& time,
               std::string_view map = "limits") {
  const auto freeze = FreezeAt(windows, map, Time(time), Zones());
  return freeze ? freeze->window + " until " + FormatTime(freeze->until).substr(0, 16) : "open";
}

FreezeWindow Weekly(std::string name, std::vector<int> days, int start, int end,
                    std::string zone = "UTC") {
  FreezeWindow window;
  window.name = std::move(name);
  window.days = std::move(days);
  window.start_minute = start;
  window.end_minute = end;
  window.zone = std::move(zone);
  return window;
}

TEST(FreezeAt, IsOnOnceBetweenTwoMoments) {
  FreezeWindow sale;
  sale.name = "sale";
  sale.from = Time("2026-11-27T00:00:00Z");
  sale.until = Time("2026-12-01T00:00:00Z");
  EXPECT_EQ(At({sale}, "2026-11-26T23:59:59Z"), "open");
  EXPECT_EQ(At({sale}, "2026-11-27T00:00:00Z"), "sale until 2026-12-01T00:00");
  EXPECT_EQ(At({sale}, "2026-12-01T00:00:00Z"), "open");
}

TEST(FreezeAt, EndsOnTheNextMorning) {
  const auto nights = Weekly("nights", {}, 22 * 60, 6 * 60);
  EXPECT_EQ(At({nights}, "2026-11-20T21:59:00Z"), "open");
  EXPECT_EQ(At({nights}, "2026-11-20T23:00:00Z"), "nights until 2026-11-21T06:00");
  EXPECT_EQ(At({nights}, "2026-11-21T05:59:59Z"), "nights until 2026-11-21T06:00");
  EXPECT_EQ(At({nights}, "2026-11-21T06:00:00Z"), "open");
}

TEST(FreezeAt, TakesDaysThatFollowEachOtherAsOne) {
  const auto weekend = Weekly("weekend", {6, 0}, 0, 0);
  EXPECT_EQ(At({weekend}, "2026-11-20T23:59:59Z"), "open");
  EXPECT_EQ(At({weekend}, "2026-11-21T10:00:00Z"), "weekend until 2026-11-23T00:00");
  const auto friday = Weekly("friday evening", {5}, 18 * 60, 0);
  EXPECT_EQ(At({weekend, friday}, "2026-11-20T18:00:00Z"), "friday evening until 2026-11-23T00:00");
}

TEST(FreezeAt, GoesByTheTimeOfAPlaceAlsoWhenItsClocksChange) {
  if (Zones() == nullptr) GTEST_SKIP() << "no time zones on this machine (package tzdata)";
  const auto nights = Weekly("nights", {}, 22 * 60, 6 * 60, "Europe/Berlin");
  EXPECT_EQ(At({nights}, "2026-07-01T20:00:00Z"), "nights until 2026-07-02T04:00");
  EXPECT_EQ(At({nights}, "2026-12-01T20:30:00Z"), "open");
  // Clocks go back at 01:00 UTC on 25 October 2026, and forward on 29 March.
  EXPECT_EQ(At({nights}, "2026-10-24T20:00:00Z"), "nights until 2026-10-25T05:00");
  EXPECT_EQ(At({nights}, "2026-03-28T22:00:00Z"), "nights until 2026-03-29T04:00");
}

TEST(FreezeAt, ConcernsTheMapsThatItNames) {
  auto nights = Weekly("nights", {}, 0, 0, "+02:00");
  nights.maps = {"prices*"};
  EXPECT_EQ(At({nights}, "2026-11-20T12:00:00Z"), "open");
  EXPECT_NE(At({nights}, "2026-11-20T12:00:00Z", "prices.eu"), "open");
}

TEST(FreezeAt, SaysAnEndEvenOfAFreezeWithoutOne) {
  const auto always = Weekly("always", {}, 0, 0);
  EXPECT_EQ(At({always}, "2026-11-20T12:00:00Z"), "always until 2027-01-23T00:00");
}

}  // namespace
}  // namespace portolan::reconciler
