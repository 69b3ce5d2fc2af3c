#include "controller/cli/sse_reader.h"

namespace portolan::controller {

bool SseReader::TakeLine(std::string_view line,
                         const std::function<bool(std::string_view)>& on_data) {
  if (line.empty()) {
    const bool go_on = !has_data_ || on_data(data_);
    data_.clear();
    has_data_ = false;
    return go_on;
  }
  if (!line.starts_with("data:")) return true;
  line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
  if (data_.size() + line.size() > kSseEventBytesMax) return false;
  if (has_data_) data_ += '\n';
  data_ += line;
  has_data_ = true;
  return true;
}

}  // namespace portolan::controller
