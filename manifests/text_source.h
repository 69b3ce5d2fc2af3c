#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "manifests/diagnostic.h"
#include "manifests/node.h"

namespace portolan::manifests {

// A text to read: checked bytes without BOM, and the place of every offset in it.
class TextSource {
 public:
  // Borrows `bytes`, which must outlive it. A leading UTF-8 BOM is left out of text().
  explicit TextSource(std::string_view bytes);

  std::string_view text() const { return text_; }

  // What makes the text unreadable as a whole: more than `bytes_max` bytes, UTF-16, invalid UTF-8,
  // a second BOM, or a control character other than tab, line feed and carriage return. The
  // diagnostic's file is empty.
  std::optional<Diagnostic> Check(std::size_t bytes_max);

  // The place of an offset into text(). Amortised O(1) per byte when offsets come in rising order;
  // an offset before the last one costs a walk from the start of its line.
  Position At(std::size_t offset);

 private:
  std::string_view text_;
  std::size_t offset_ = 0;  // of place_, which was asked for last
  Position place_{1, 1};
};

}  // namespace portolan::manifests
