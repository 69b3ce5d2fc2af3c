#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace portolan::controller {

constexpr std::size_t kSseEventBytesMax = 1u << 20;

// Puts the lines of server-sent events (WHATWG HTML, "text/event-stream") together to the data of
// each event. Comments and fields other than `data` are skipped.
class SseReader {
 public:
  // Takes one line without its end and calls `on_data` when it completes an event. False when
  // `on_data` said stop or an event is larger than kSseEventBytesMax; then nothing more may be fed.
  bool TakeLine(std::string_view line, const std::function<bool(std::string_view)>& on_data);

 private:
  std::string data_;
  bool has_data_ = false;
};

}  // namespace portolan::controller
