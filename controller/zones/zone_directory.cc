#include "controller/zones/zone_directory.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace portolan::controller {
namespace {

using reconciler::cel::Zone;

constexpr std::uintmax_t kFileBytesMax = 1 << 20;

// Letters, digits, _ + - and single slashes between: nothing that leaves the folder.
bool IsZoneName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed) &&
         name.front() != '/' && name.back() != '/' && name.find("//") == std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<const ZoneDirectory>> ZoneDirectory::Open(
    const std::filesystem::path& folder) {
  std::unique_ptr<const ZoneDirectory> zones(new ZoneDirectory(folder));
  if (!zones->Find("Europe/Berlin").ok())
    return Error{ErrorCode::kNotFound,
                 "no time zones in " + folder.string() + "; install the package tzdata"};
  return zones;
}

Result<const Zone*> ZoneDirectory::Find(std::string_view name) const {
  const Error unknown{ErrorCode::kNotFound,
                      "no such time zone `" + std::string(name.substr(0, 64)) +
                          "`; write a name such as Europe/Berlin, or an offset such as +02:00"};
  if (!IsZoneName(name)) return unknown;
  const std::lock_guard lock(mutex_);
  if (const auto found = zones_.find(name); found != zones_.end()) return &found->second;
  const std::filesystem::path path = folder_ / name;
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed) ||
      std::filesystem::file_size(path, failed) > kFileBytesMax)
    return unknown;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  PORTOLAN_TRY(Zone zone, Zone::Parse(bytes));
  return &zones_.emplace(std::string(name), std::move(zone)).first->second;
}

const reconciler::cel::Zones* SystemZones() {
  static const auto kZones = ZoneDirectory::Open();
  return kZones.ok() ? kZones->get() : nullptr;
}

}  // namespace portolan::controller
