#include "tests/conformance/cel_suite.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "manifests/value.h"
#include "reconciler/policy/cel/compare.h"
#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/cel/text.h"

namespace portolan::conformance {
namespace {

using manifests::Value;
namespace cel = reconciler::cel;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// A tagged value of the suite in the arena.
class Reader {
 public:
  explicit Reader(cel::Arena& arena) : arena_(arena) {}

  cel::Value Read(const Value& tagged) {
    const auto& [tag, content] = tagged.as_object().at(0);
    if (tag == "null") return cel::Value::Null();
    if (tag == "bool") return cel::Value::Bool(content.as_bool());
    if (tag == "list") return List(content.as_array());
    if (tag == "map") return Map(content.as_array());
    if (tag == "timestamp") return cel::Value::Timestamp(Time(content));
    if (tag == "duration") return cel::Value::Duration(Time(content));
    const std::string& text = content.as_string();
    if (tag == "int") return cel::Value::Int(std::stoll(text));
    if (tag == "uint") return cel::Value::Uint(std::stoull(text));
    if (tag == "double") return cel::Value::Double(std::strtod(text.c_str(), nullptr));
    if (tag == "string") return cel::Value::String(arena_.Copy(text));
    if (tag == "bytes") return cel::Value::Bytes(arena_.Copy(FromHex(text)));
    for (int kind = 1; kind < cel::kKindCount; ++kind)
      if (cel::TypeName(static_cast<cel::Kind>(kind)) == text)
        return cel::Value::Type(static_cast<cel::Kind>(kind));
    return cel::MakeError(arena_, "a value that the runner cannot read");
  }

 private:
  static cel::SecondsNanos Time(const Value& content) {
    std::int64_t seconds = std::stoll(std::string(content.StringOr("seconds", "0")));
    std::int64_t nanos = content.IntOr("nanos", 0);
    if (nanos < 0) {
      nanos += 1'000'000'000;
      --seconds;
    }
    return {seconds, static_cast<std::uint32_t>(nanos)};
  }
  cel::Value List(const Value::Array& items) {
    auto* const values = arena_.NewArray<cel::Value>(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) values[i] = Read(items[i]);
    return cel::Value::OfList(arena_.New<cel::ValueList>(values, items.size()));
  }
  cel::Value Map(const Value::Array& pairs) {
    auto* const entries = arena_.NewArray<cel::MapEntry>(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i)
      entries[i] = {Read(pairs[i].as_array()[0]), Read(pairs[i].as_array()[1])};
    return cel::Value::OfMap(cel::SortedMap(entries, pairs.size(), arena_));
  }

  cel::Arena& arena_;
};

// Stricter than ==: the kinds are the same all the way down, NaN is NaN, and 0.0 is not -0.0.
bool Same(const cel::Value& left, const cel::Value& right, cel::Arena& arena);

struct SameEntries final : cel::EntryVisitor {
  SameEntries(const cel::Map& map, cel::Arena& at) : other(map), arena(at) {}
  bool Visit(const cel::Value& key, const cel::Value& value) override {
    struct KindOfKey final : cel::EntryVisitor {
      explicit KindOfKey(const cel::Value& key) : wanted(key) {}
      bool Visit(const cel::Value& other_key, const cel::Value&) override {
        if (cel::Compare(other_key, wanted) == cel::Order::kEqual)
          found = other_key.kind() == wanted.kind();
        return !found;
      }
      const cel::Value& wanted;
      bool found = false;
    } kind(key);
    other.ForEach(false, kind, arena);
    const auto found = other.Find(key, arena);
    same = kind.found && found && Same(value, *found, arena);
    return same;
  }
  const cel::Map& other;
  cel::Arena& arena;
  bool same = true;
};

bool Same(const cel::Value& left, const cel::Value& right, cel::Arena& arena) {
  if (left.kind() != right.kind()) return false;
  if (left.is(cel::Kind::kDouble)) {
    if (std::isnan(left.AsDouble())) return std::isnan(right.AsDouble());
    return left.AsDouble() == right.AsDouble() &&
           std::signbit(left.AsDouble()) == std::signbit(right.AsDouble());
  }
  if (left.is(cel::Kind::kList)) {
    const cel::List& a = left.AsList();
    const cel::List& b = right.AsList();
    bool same = a.size() == b.size();
    for (std::size_t i = 0; i < a.size() && same; ++i)
      same = Same(a.At(i, arena), b.At(i, arena), arena);
    return same;
  }
  if (left.is(cel::Kind::kMap)) {
    SameEntries entries(right.AsMap(), arena);
    if (left.AsMap().size() == right.AsMap().size()) left.AsMap().ForEach(true, entries, arena);
    return left.AsMap().size() == right.AsMap().size() && entries.same;
  }
  cel::Meter meter(1'000'000);
  return cel::Equal(left, right, arena, meter);
}

// Runs one case; returns what went wrong, or "".
std::string RunCase(const Value& test, const cel::Zones& zones) {
  cel::Arena arena;
  cel::Environment environment;
  std::vector<cel::Value> values;
  if (const Value* const bindings = test.Find("bindings")) {
    for (const auto& [name, tagged] : bindings->as_object()) {
      environment.Declare(name, cel::Type::Dyn());
      values.push_back(Reader(arena).Read(tagged));
    }
  }
  const Value* const expected = test.Find("value");
  const std::string source(test.StringOr("expr", ""));
  const auto program = cel::Compile(
      source, environment, {.check = !test.BoolOr("disable_check", false), .zones = &zones});
  if (!program.ok())
    return expected == nullptr ? "" : "does not compile: " + program.error().message;
  const auto result = cel::Evaluate(*program, cel::ValueBindings(values), arena);
  if (expected == nullptr)
    return result.ok() ? "expected an error, found " + cel::TextOf(result.value, 200) : "";
  const cel::Value wanted = Reader(arena).Read(*expected);
  if (Same(result.value, wanted, arena)) return "";
  return "expected " + cel::TextOf(wanted, 200) + ", found " + cel::TextOf(result.value, 200);
}

Result<FileResult> RunFile(const std::filesystem::path& path, const cel::Zones& zones) {
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  PORTOLAN_TRY(const Value document, manifests::ParseJson(bytes));
  const Value* const tests = document.Find("tests");
  if (tests == nullptr || !tests->is_array())
    return Error{ErrorCode::kInvalid, path.string() + ": expected an object with a list `tests`"};
  FileResult result{.file = path.filename().string(), .failures = {}};
  for (const Value& test : tests->as_array()) {
    const std::string wrong = RunCase(test, zones);
    if (wrong.empty())
      ++result.passed;
    else
      result.failures.push_back(std::string(test.StringOr("id", "")) + ": " +
                                std::string(test.StringOr("expr", "")) + ": " + wrong);
  }
  return result;
}

}  // namespace

Result<std::vector<FileResult>> RunCelSuite(const std::filesystem::path& folder,
                                            const reconciler::cel::Zones& zones) {
  std::vector<std::filesystem::path> paths;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed))
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  if (paths.empty()) return Error{ErrorCode::kNotFound, "no .json files in " + folder.string()};
  std::sort(paths.begin(), paths.end());
  std::vector<FileResult> results;
  for (const auto& path : paths) {
    PORTOLAN_TRY(FileResult result, RunFile(path, zones));
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace portolan::conformance
