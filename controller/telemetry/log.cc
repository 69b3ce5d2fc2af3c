#include "controller/telemetry/log.h"

#include <unistd.h>

#include <cerrno>

#include "controller/telemetry/clean_text.h"

// One JSON object per line, written by one call: readers need no parser of ours, and a line is
// either whole or absent. Text from outside is made valid and cut, so that no value can end a line
// or drown the log.

namespace portolan::controller {
namespace {

using manifests::Value;

std::string CleanText(std::string_view text) {
  // Cut at a code point: half of one would become a replacement character.
  if (text.size() <= kLogTextBytesMax) return ValidUtf8(text);
  std::size_t end = kLogTextBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return ValidUtf8(text.substr(0, end)) + "…";
}

Value Clean(const Value& value) {
  if (value.is_string()) return CleanText(value.as_string());
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.as_array()) items.push_back(Clean(item));
    return items;
  }
  if (value.is_object()) {
    Value::Object members;
    for (const auto& [key, member] : value.as_object())
      members.emplace_back(CleanText(key), Clean(member));
    return members;
  }
  return value;
}

}  // namespace

std::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

Logger::Logger(const Clock& clock, LogLevel minimum, Write write)
    : clock_(clock), minimum_(minimum), write_(std::move(write)) {}

void Logger::Log(LogLevel level, std::string_view message, const LogFields& fields) {
  if (!enabled(level)) return;
  Value line(Value::Object{{"time", FormatTime(clock_.now().wall)},
                           {"level", LogLevelName(level)},
                           {"message", CleanText(message)}});
  for (const auto& [name, value] : fields) {
    // A field of the same name must not stand twice in one object: readers take the first or the
    // last.
    const bool reserved = name == "time" || name == "level" || name == "message";
    line.Set(CleanText(name) + (reserved ? "_" : ""), Clean(value));
  }
  const std::string text = EscapeInvisible(manifests::WriteJson(line)) + "\n";
  // Around the write: two threads' lines must not mix.
  const std::lock_guard lock(mutex_);
  write_(text);
}

void WriteToStderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    // Nobody can be told that the log cannot be written.
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace portolan::controller
