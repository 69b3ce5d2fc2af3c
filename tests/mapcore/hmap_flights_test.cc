// Many keys at once, whose memory is asked for together.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/hmap.h"

namespace portolan::mapcore {
namespace {

Hmap MapInFlights() {
  return Hmap::Create({.seed = 1}).value();
}

std::string FlightKey(std::size_t i) {
  return "ns/" + std::to_string(i % 97) + "/svc-" + std::to_string(i) + "/eu";
}

TEST(HmapFlights, PrefetchTakesAnyKeysAtAnyTimeAndChangesNothing) {
  Hmap map = MapInFlights();
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 3'000; ++i) keys.push_back(FlightKey(i));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const auto expect_unchanged = [&] {
    const std::uint64_t digest = map.digest();
    const HmapDebug before = map.debug();
    map.Prefetch({});
    for (std::size_t i = 0; i + Hmap::kPrefetch <= views.size(); i += Hmap::kPrefetch)
      map.Prefetch(std::span(views).subspan(i, Hmap::kPrefetch));
    map.Prefetch(std::span(views).last(1));
    EXPECT_EQ(map.digest(), digest);
    EXPECT_EQ(map.debug().nevacuate, before.nevacuate);
  };
  expect_unchanged();
  for (std::size_t i = 0; i < 2'000; ++i) ASSERT_TRUE(map.Put(FlightKey(i), "v").ok());
  expect_unchanged();
  ASSERT_TRUE(map.StartReseed().ok());
  ASSERT_TRUE(map.ContinueReseed());
  expect_unchanged();
}

TEST(HmapFlights, ForEachInFlightsCallsForEveryItemInOrderAndStopsAtTheFirstError) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, Hmap::kPrefetch - 1,
                                  Hmap::kPrefetch, 5 * Hmap::kPrefetch + 3}) {
    Hmap map = MapInFlights();
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(FlightKey(i));
    const auto key_of = [](const std::string& key) { return std::string_view(key); };
    std::vector<std::string> seen;
    const Status all = map.ForEachInFlights(std::span<const std::string>(keys), key_of,
                                            [&](const std::string& key) -> Status {
                                              seen.push_back(key);
                                              PORTOLAN_CHECK(map.Put(key, "v"));
                                              return {};
                                            });
    EXPECT_TRUE(all.ok());
    EXPECT_EQ(seen, keys);
    EXPECT_EQ(map.size(), count);

    std::size_t calls = 0;
    const Status first = map.ForEachInFlights(std::span<const std::string>(keys), key_of,
                                              [&](const std::string&) -> Status {
                                                if (++calls == 18)
                                                  return Error{ErrorCode::kExhausted, "full"};
                                                return {};
                                              });
    EXPECT_EQ(first.ok(), count < 18);
    EXPECT_EQ(calls, std::min<std::size_t>(count, 18));
  }
}

}  // namespace
}  // namespace portolan::mapcore
