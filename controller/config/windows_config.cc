#include "controller/config/windows_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "controller/zones/zone_directory.h"

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;
using reconciler::FreezeWindow;

constexpr manifests::Range<std::size_t> kTextBytes{1, 256};
constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// "22:30" as minutes of the day; 24:00 is its end.
std::optional<int> MinuteOf(std::string_view text) {
  int hour = 0, minute = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, hour);
  if (text.size() != 5 || first.ec != std::errc() || first.ptr != text.data() + 2 || text[2] != ':')
    return std::nullopt;
  const auto second = std::from_chars(text.data() + 3, end, minute);
  if (second.ec != std::errc() || second.ptr != end || hour < 0 || minute < 0 || minute > 59)
    return std::nullopt;
  const int total = hour * 60 + minute;
  return total > 24 * 60 ? std::nullopt : std::optional(total);
}

bool IsMoment(std::string_view text) {
  return text.find('T') != std::string_view::npos;
}

class WindowReader {
 public:
  explicit WindowReader(Report& report) : report_(report) {}

  FreezeWindow Read(const Field& field) {
    FreezeWindow window;
    MappingDecoder decoder(field, report_);
    manifests::SetIf(window.name,
                     manifests::ReadString(decoder.Require("name"), kTextBytes, report_));
    manifests::SetIf(window.maps,
                     manifests::ReadStrings(decoder.Take("maps"), kTextBytes, report_));
    ReadDays(decoder.Take("days"), window);
    const Field zone = decoder.Take("zone");
    manifests::SetIf(window.zone, manifests::ReadString(zone, kTextBytes, report_));
    CheckZone(zone, window.zone);
    ReadSpan(field, decoder.Take("from"), decoder.Take("to"), window);
    decoder.Finish();
    return window;
  }

 private:
  void ReadDays(const Field& field, FreezeWindow& window) {
    const auto names = manifests::ReadStrings(field, kTextBytes, report_);
    if (!names) return;
    for (const std::string& name : *names) {
      const auto found = std::find(kDays.begin(), kDays.end(), name);
      if (found == kDays.end())
        report_.Error(
            field, "expected days among " + manifests::OneOf(kDays) + ", found \"" + name + "\"");
      window.days.push_back(static_cast<int>(found - kDays.begin()));
    }
  }

  void CheckZone(const Field& field, const std::string& zone) {
    if (!field || reconciler::cel::FixedOffset(zone)) return;
    static const auto kZones = ZoneDirectory::Open();
    const auto found =
        kZones.ok() ? (*kZones)->Find(zone) : Result<const reconciler::cel::Zone*>(kZones.error());
    if (!found.ok()) report_.Error(field, found.error().message);
  }

  // Two moments, or two times of day, or nothing: whole days.
  void ReadSpan(const Field& whole, const Field& from, const Field& to, FreezeWindow& window) {
    if (static_cast<bool>(from) != static_cast<bool>(to)) {
      report_.Error(whole, "expected both of from and to, or neither");
      return;
    }
    const auto first = manifests::ReadString(from, kTextBytes, report_);
    const auto last = manifests::ReadString(to, kTextBytes, report_);
    if (!first || !last) return;
    if (IsMoment(*first) || IsMoment(*last)) return ReadMoments(whole, *first, *last, window);
    const auto start = MinuteOf(*first);
    const auto end = MinuteOf(*last);
    for (const auto& [field, minute] : {std::pair(from, start), std::pair(to, end)})
      if (!minute || (field.node == from.node && *minute == 24 * 60))
        report_.Error(field,
                      "expected a time of day such as \"22:30\", or a moment such as "
                      "2026-11-27T00:00:00Z, found " +
                          manifests::Found(*field.node),
                      "write times of day in quotes");
    window.start_minute = start.value_or(0);
    window.end_minute = end.value_or(0);
  }

  void ReadMoments(const Field& whole, const std::string& first, const std::string& last,
                   FreezeWindow& window) {
    const auto from = ParseTime(first);
    const auto until = ParseTime(last);
    if (!from.ok() || !until.ok() || *until <= *from) {
      report_.Error(whole,
                    "expected from and to as moments in UTC, the first one earlier, such as "
                    "2026-11-27T00:00:00Z");
      return;
    }
    if (!window.days.empty() || window.zone != "UTC")
      report_.Error(whole, "days and zone are for windows that come back every week");
    window.from = *from;
    window.until = *until;
  }

  Report& report_;
};

}  // namespace

std::vector<FreezeWindow> ReadWindows(const Field& field, Report& report) {
  std::vector<FreezeWindow> windows;
  if (!field) return windows;
  if (field.node->kind != manifests::Node::Kind::kSequence ||
      field.node->items.size() > kWindowsMax) {
    report.Error(field, "expected a list of at most " + std::to_string(kWindowsMax) +
                            " windows, found " + manifests::Found(*field.node));
    return windows;
  }
  std::set<std::string> names;
  WindowReader reader(report);
  for (std::size_t i = 0; i < field.node->items.size(); ++i) {
    windows.push_back(reader.Read(field.Item(i)));
    if (!windows.back().name.empty() && !names.insert(windows.back().name).second)
      report.Error(field.Item(i), "a second window named \"" + windows.back().name + "\"",
                   "give it another name");
  }
  return windows;
}

}  // namespace portolan::controller
