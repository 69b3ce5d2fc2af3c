#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "reconciler/policy/cel/zone.h"

namespace portolan::controller {

// The time zones of a folder of TZif files, as the package tzdata installs it. A zone is read when
// it is first asked for and kept. Thread-safe.
class ZoneDirectory final : public reconciler::cel::Zones {
 public:
  static constexpr char kSystemPath[] = "/usr/share/zoneinfo";

  // Errors: kNotFound when the folder holds no zones: "… install the package tzdata".
  static Result<std::unique_ptr<const ZoneDirectory>> Open(
      const std::filesystem::path& folder = kSystemPath);

  Result<const reconciler::cel::Zone*> Find(std::string_view name) const override;

 private:
  explicit ZoneDirectory(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, reconciler::cel::Zone, std::less<>>
      zones_;  // nodes stay where they are
};

// The time zones of this machine; null when it has none, and then policies that name zones do not
// compile. Lives as long as the program.
const reconciler::cel::Zones* SystemZones();

}  // namespace portolan::controller
