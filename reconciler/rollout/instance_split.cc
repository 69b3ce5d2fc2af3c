#include "reconciler/rollout/instance_split.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "mapcore/traffic_split.h"

namespace portolan::reconciler {
namespace {

constexpr std::size_t kNamedMax = 5;

std::int64_t LiveOf(const Fleet& fleet) {
  return std::count_if(fleet.begin(), fleet.end(),
                       [](const auto& entry) { return !entry.second.lost; });
}

}  // namespace

InstanceNames ChooseInstances(const Fleet& fleet, const InstanceNames& kept,
                              const InstanceShare& share) {
  InstanceNames chosen;
  std::vector<std::pair<std::uint32_t, std::string_view>> others;  // by hash, then by name
  for (const auto& [name, instance] : fleet) {
    if (instance.lost) continue;
    if (kept.contains(name))
      chosen.insert(name);
    else
      others.emplace_back(mapcore::Murmur3(std::string(share.salt) + ":" + name, 0), name);
  }
  const std::int64_t live = LiveOf(fleet);
  const std::int64_t wanted =
      std::min((live * share.weight + mapcore::kWeightMax - 1) / mapcore::kWeightMax, live - 1);
  const std::int64_t more = wanted - static_cast<std::int64_t>(chosen.size());
  std::sort(others.begin(), others.end());
  for (std::int64_t i = 0; i < more; ++i)
    chosen.emplace(others[static_cast<std::size_t>(i)].second);
  return chosen;
}

std::string ChosenText(const InstanceNames& chosen, const Fleet& fleet) {
  std::string text =
      std::to_string(chosen.size()) + " of " + std::to_string(LiveOf(fleet)) + " instances";
  std::size_t named = 0;
  for (const std::string& name : chosen) {
    if (named == kNamedMax) return text + ", …";
    text += (named++ == 0 ? ": " : ", ") + name;
  }
  return text;
}

}  // namespace portolan::reconciler
