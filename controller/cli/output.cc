#include "controller/cli/output.h"

#include <algorithm>
#include <ostream>

#include "manifests/short_commit.h"
#include "mapcore/base/digest.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::pair<std::string_view, OutputFormat> kFormats[] = {
    {"table", OutputFormat::kTable},
    {"wide", OutputFormat::kWide},
    {"json", OutputFormat::kJson},
    {"jsonl", OutputFormat::kJsonLines},
    {"name", OutputFormat::kName}};

constexpr std::string_view kGood[] = {"Healthy", "Synced", "live", "ok"};
constexpr std::string_view kBad[] = {"RolledBack", "RollingBack", "rolled-back",
                                     "Warning",    "Diverged",    "FAIL"};
constexpr std::string_view kBusy[] = {"Held",   "Shadow",  "Paused",    "Stepping",   "Baking",
                                      "Locked", "Pending", "in-flight", "Progressing"};

// The ANSI colour of a cell that is exactly one of the words above, or nothing.
std::string_view ColourOf(std::string_view cell) {
  if (std::ranges::find(kGood, cell) != std::end(kGood)) return "\033[32m";
  if (std::ranges::find(kBad, cell) != std::end(kBad)) return "\033[31m";
  if (std::ranges::find(kBusy, cell) != std::end(kBusy)) return "\033[33m";
  return "";
}

}  // namespace

Result<OutputFormat> ParseOutputFormat(std::string_view text) {
  if (text.empty()) return OutputFormat::kTable;
  for (const auto& [name, format] : kFormats)
    if (name == text) return format;
  return Error{ErrorCode::kInvalid,
               "-o takes table, wide, json, jsonl or name; found \"" + std::string(text) + "\""};
}

void TextTable::Print(std::ostream& out, bool colour) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], reconciler::CellCount(row[i]));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string_view paint = colour && &row != &rows_.front() ? ColourOf(row[i]) : "";
      out << paint << row[i] << (paint.empty() ? "" : "\033[0m");
      if (i + 1 < row.size())
        out << std::string(widths[i] - reconciler::CellCount(row[i]) + 2, ' ');
    }
    out << '\n';
  }
}

std::string FormatWeight(std::int64_t weight) {
  std::string text = reconciler::WeightPercent(static_cast<std::uint32_t>(weight));
  std::erase(text, ' ');
  return text;
}

std::string ShortDigest(std::string_view digest) {
  if (!digest.starts_with("sha256:")) return OrDash(digest);
  return std::string(digest.substr(7, 12));
}

std::string ShortCommit(std::string_view commit) {
  if (commit.size() == 40 && IsHex(commit)) return manifests::ShortCommit(commit);
  return OrDash(commit);
}

std::string FormatAge(std::string_view rfc3339, WallTime now) {
  const auto time = ParseTime(rfc3339);
  if (!time.ok()) return "-";
  const std::int64_t seconds = std::max<std::int64_t>(0, (now - *time).count() / 1000);
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 86400) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string OrDash(std::string_view text) {
  return text.empty() ? "-" : reconciler::Printable(text);
}

std::string TextAt(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* at = &value;
  for (const std::string_view key : path) {
    at = at->Find(key);
    if (at == nullptr) return "";
  }
  return at->is_string() ? at->as_string() : "";
}

const Value::Array& ItemsOf(const Value& value, std::string_view key) {
  static const Value::Array kNone;
  const Value* items = value.Find(key);
  return items != nullptr && items->is_array() ? items->as_array() : kNone;
}

}  // namespace portolan::controller
