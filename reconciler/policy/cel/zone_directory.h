#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "reconciler/policy/cel/zone.h"

namespace portolan::reconciler::cel {

// The time zones of a folder of TZif files, as the package tzdata installs it. A zone is read when
// it is first asked for and kept. The only part of this library that reads files. Thread-safe.
class ZoneDirectory final : public Zones {
 public:
  static constexpr char kSystemPath[] = "/usr/share/zoneinfo";

  // Errors: kNotFound when the folder holds no zones: "… install the package tzdata".
  static Result<std::unique_ptr<const ZoneDirectory>> Open(
      const std::filesystem::path& folder = kSystemPath);

  Result<const Zone*> Find(std::string_view name) const override;

 private:
  explicit ZoneDirectory(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Zone, std::less<>> zones_;  // nodes stay where they are
};

}  // namespace portolan::reconciler::cel
