#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

std::string_view LogLevelName(LogLevel level);  // "debug", "info", "warning", "error"

// Longer texts are cut, with "…" at the end.
constexpr std::size_t kLogTextBytesMax = 8u << 10;

using LogFields = std::vector<std::pair<std::string_view, manifests::Value>>;

// Writes one JSON object a line: {"time","level","message", and the fields}. What came from outside
// cannot forge a line or move a terminal's cursor: controls, bidirectional and zero-width
// characters are escaped, bytes that are no UTF-8 become U+FFFD. Secrets are the caller's concern.
// Thread-safe.
class Logger {
 public:
  // Takes one line with its newline; called under the logger's lock.
  using Write = std::function<void(std::string_view line)>;

  // The clock must outlive the logger. Messages below `minimum` cost one comparison.
  Logger(const Clock& clock, LogLevel minimum, Write write);

  // `message` is one sentence without variable parts; what varies goes into fields. A field named
  // like one of the three of every line gets a "_" behind its name.
  void Log(LogLevel level, std::string_view message, const LogFields& fields = {});
  bool enabled(LogLevel level) const { return level >= minimum_; }

 private:
  const Clock& clock_;
  const LogLevel minimum_;
  std::mutex mutex_;
  const Write write_;
};

// Writes a line to standard error with one write(2), so that lines of several processes do not mix.
// A line that cannot be written is lost.
void WriteToStderr(std::string_view line);

}  // namespace portolan::controller
