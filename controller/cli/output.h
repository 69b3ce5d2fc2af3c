#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

enum class OutputFormat { kTable, kWide, kJson, kJsonLines, kName };

// Errors: kInvalid naming the formats that exist. Empty text is kTable.
Result<OutputFormat> ParseOutputFormat(std::string_view text);

// Lines of cells, aligned in columns two spaces apart. Nothing is ever cut; the last column is not
// padded.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  // Colours the words that name a phase or outcome; meaning never rests on it.
  void Print(std::ostream& out, bool colour) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// What a person writes for a weight of 100,000: "5%", "0.5%", "12.345%".
std::string FormatWeight(std::int64_t weight);
// The first 12 hex digits of a digest and the first 7 of a commit; other texts unchanged; "-" for
// an empty one.
std::string ShortDigest(std::string_view digest);
std::string ShortCommit(std::string_view commit);
// The largest unit of the time since then: "42s", "3m", "5h", "9d"; "-" for what is no time.
std::string FormatAge(std::string_view rfc3339, WallTime now);
// `text` as a terminal may be given it, or "-" when it is empty.
std::string OrDash(std::string_view text);

// A member of a nested object by path, for example At(status, {"stable", "digest"}); empty text
// when absent.
std::string TextAt(const manifests::Value& value, std::initializer_list<std::string_view> path);
// The member when it is an array, else an empty one.
const manifests::Value::Array& ItemsOf(const manifests::Value& value, std::string_view key);

}  // namespace portolan::controller
