#include "controller/cli/doctor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace portolan::controller {
namespace {

constexpr Duration kClockSkewMax = std::chrono::seconds(5);
constexpr WallTime kEarliest = std::chrono::sys_days(std::chrono::year{2025} / 1 / 1);
constexpr WallTime kLatest = std::chrono::sys_days(std::chrono::year{2100} / 1 / 1);
constexpr const char* kCaFiles[] = {"/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine
                                    "/etc/pki/tls/certs/ca-bundle.crt"};   // Fedora

}  // namespace

Check CheckStateDirectory(const std::string& directory) {
  Check check{.name = "state directory", .message = ""};
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0)
    check.message = "\"" + directory + "\": " + std::strerror(errno) +
                    "; the daemon makes it when it starts, if it may";
  else if (!S_ISDIR(info.st_mode))
    check.message = "\"" + directory + "\" is no directory";
  else if (info.st_uid != ::geteuid())
    check.message = "\"" + directory + "\" belongs to user id " + std::to_string(info.st_uid) +
                    ", this is user id " + std::to_string(::geteuid()) + "; chown it";
  else if ((info.st_mode & 077) != 0)
    check.message = "\"" + directory + "\" is open to other users; chmod 700 it";
  else if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
    check.message = "\"" + directory + "\" is not writable; chmod 700 it";
  else
    check.ok = true;
  if (check.ok) check.message = "\"" + directory + "\" is private and writable";
  return check;
}

Check CheckCaFile(const std::string& ssl_cert_file) {
  Check check{.name = "certificates", .message = ""};
  if (!ssl_cert_file.empty()) {
    check.ok = ::access(ssl_cert_file.c_str(), R_OK) == 0;
    check.message = "$SSL_CERT_FILE " + ssl_cert_file + (check.ok ? "" : " cannot be read");
    return check;
  }
  for (const char* file : kCaFiles) {
    if (::access(file, R_OK) != 0) continue;
    check.ok = true;
    check.message = file;
    return check;
  }
  check.message =
      "no bundle of certificate authorities was found; install ca-certificates, or HTTPS "
      "remotes fail";
  return check;
}

Check CheckClock(WallTime now) {
  const bool ok = now >= kEarliest && now < kLatest;
  return {"clock", ok, FormatTime(now) + (ok ? "" : " cannot be right; set the clock")};
}

Check CheckClockAgainst(WallTime now, const std::string& daemon_started_at) {
  Check check{.name = "daemon's clock", .message = ""};
  const auto started = ParseTime(daemon_started_at);
  check.ok = started.ok() && *started <= now + kClockSkewMax;
  if (!started.ok())
    check.message = "the daemon does not say when it started";
  else if (check.ok)
    check.message = "started at " + daemon_started_at;
  else
    check.message = "the daemon started at " + daemon_started_at +
                    ", which is later than now here (" + FormatTime(now) +
                    "); set the clock that is wrong";
  return check;
}

Check CheckFastPaths(const std::vector<mapcore::FastPathState>& states) {
  using Circuit = mapcore::FastPathState::Circuit;
  Check check{.name = "fast paths", .ok = true, .message = ""};
  for (const mapcore::FastPathState& state : states) {
    if (state.circuit == Circuit::kOpen) check.ok = false;
    if (!check.message.empty()) check.message += ", ";
    check.message += std::string(mapcore::FastPathName(state.path)) + " " +
                     std::string(mapcore::CircuitName(state.circuit));
    if (!state.reason.empty()) check.message += " (" + state.reason + ")";
  }
  return check;
}

}  // namespace portolan::controller
