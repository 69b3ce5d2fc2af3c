#pragma once

#include <optional>
#include <string>

#include "manifests/fields.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

// Who answers for maps of class regulated, and where they are told of plans.
struct RegulatedConfig {
  std::string webhook;      // "https://approvals.example.com/portolan", without a user
  std::string address;      // of it: "https://approvals.example.com"
  std::string target;       // and its path: "/portolan"
  std::string signers;      // absolute path of the file of those who may answer, with SSH keys
  std::string secret_file;  // absolute; empty for none
  std::string secret;       // secret: signs what is posted
  Duration deadline = std::chrono::seconds(5);  // of one post
  Duration max_age = std::chrono::hours(24);    // of an answer
};

// Reads `regulated` of the daemon's configuration; paths are relative to `folder`. None when it is
// absent. Everything wrong is reported; the result is then unusable.
std::optional<RegulatedConfig> ReadRegulated(const manifests::Field& field,
                                             const std::string& folder, manifests::Report& report);

}  // namespace portolan::controller
