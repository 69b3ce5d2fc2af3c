#include "manifests/json_events.h"

#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

// nlohmann's lexer is strict and says what it found, but not where: its SAX interface has no
// positions. The iterator counts what the lexer took, and from there the place of each token
// follows, since between two tokens there is only white space and one separator of known kind.

namespace portolan::manifests {
namespace {

using Json = nlohmann::json;

// https://json.nlohmann.me/home/exceptions/ (out_of_range.406).
constexpr int kNumberOverflow = 406;  // nlohmann's exception id
constexpr std::size_t kMessageBytesMax = 200;

// Counts what nlohmann's lexer has taken, which is all that it tells about positions.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  std::size_t* taken_;
};

// The sentence of an exception: without its id, without the place, which is told exactly elsewhere.
// "[json.exception.parse_error.101] parse error at line 1, column 2: …" in nlohmann 3.
std::string SyntaxMessage(std::string_view what) {
  constexpr std::string_view kColumn = "column ";
  if (const auto column = what.find(kColumn); column != std::string_view::npos) {
    const auto end = what.find(": ", column);
    if (end != std::string_view::npos) what.remove_prefix(end + 2);
  }
  if (what.size() <= kMessageBytesMax) return std::string(what);
  std::size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(what[end]) & 0xC0) == 0x80) --end;
  return std::string(what.substr(0, end)) + "…";
}

// nlohmann's SAX interface, with the place of each token: a token begins after the one before,
// white space and the separator that belongs there. It ends where the lexer stands, except a
// number, after which the lexer has taken one byte more.
class Scanner {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  Scanner(TextSource& source, int depth_max, JsonEvents& events)
      : source_(source), depth_max_(depth_max), events_(events) {}

  std::optional<Diagnostic> Scan() {
    const std::string_view text = source_.text();
    const CountingIterator begin(text.data(), &taken_);
    const CountingIterator end(text.data() + text.size(), &taken_);
    Json::sax_parse(begin, end, this);
    return std::move(problem_);
  }

  bool null() { return Scalar(Value(), "null"); }
  bool boolean(bool value) { return Scalar(Value(value), value ? "true" : "false"); }
  bool number_integer(number_integer_t value) { return Number(Value(value)); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return RefuseInteger();
    return Number(Value(static_cast<std::int64_t>(value)));
  }
  // An integer outside 64 bits comes as a float: rounding it would change the value that git says.
  bool number_float(number_float_t value, const string_t& text) {
    if (text.find_first_of(".eE") == std::string::npos) return RefuseInteger();
    return Number(Value(value));
  }
  bool string(string_t& value) { return Scalar(Value(std::move(value)), ""); }
  bool binary(binary_t&) { return false; }

  bool key(string_t& value) {
    const std::size_t start = TokenStart();
    TokenEnds(taken_, ':');
    return events_.OnKey(std::move(value), source_.At(start));
  }
  bool start_object(std::size_t) { return Start(Value::Kind::kObject); }
  bool start_array(std::size_t) { return Start(Value::Kind::kArray); }
  bool end_object() { return End(); }
  bool end_array() { return End(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) {
    const std::size_t start = TokenStart();
    if (error.id == kNumberOverflow)
      return Refuse(start, "expected a finite number, found " + NumberText(start));
    return Refuse(start, SyntaxMessage(error.what()));
  }

 private:
  std::size_t TokenStart() const {
    const std::size_t start = SkipSpace(end_);
    const std::string_view text = source_.text();
    return separator_ != '\0' && start < text.size() && text[start] == separator_
               ? SkipSpace(start + 1)
               : start;
  }

  std::size_t SkipSpace(std::size_t offset) const {
    const std::size_t found = source_.text().find_first_not_of(" \t\r\n", offset);
    return found == std::string_view::npos ? source_.text().size() : found;
  }

  void TokenEnds(std::size_t offset, char separator) {
    end_ = offset;
    separator_ = depth_ > 0 ? separator : '\0';
  }

  std::string NumberText(std::size_t start) const {
    const std::string_view text = source_.text();
    const std::size_t end = text.find_first_not_of("+-0123456789.eE", start);
    return std::string(text.substr(start, end == std::string_view::npos ? end : end - start));
  }

  bool Scalar(Value value, std::string text) {
    const std::size_t start = TokenStart();
    TokenEnds(taken_, ',');
    return events_.OnScalar({std::move(value), std::move(text)}, source_.At(start));
  }

  bool Number(Value value) {
    const std::size_t start = TokenStart();
    std::string text = NumberText(start);
    TokenEnds(start + text.size(), ',');
    return events_.OnScalar({std::move(value), std::move(text)}, source_.At(start));
  }

  bool Start(Value::Kind kind) {
    const std::size_t start = TokenStart();
    if (depth_ == depth_max_)
      return Refuse(start, "nested too deep: at most " + std::to_string(depth_max_) + " levels");
    ++depth_;
    TokenEnds(taken_, '\0');
    return events_.OnStart(kind, source_.At(start));
  }

  bool End() {
    --depth_;
    TokenEnds(taken_, ',');
    return events_.OnEnd();
  }

  bool RefuseInteger() {
    const std::size_t start = TokenStart();
    return Refuse(
        start, "expected an integer within 64 bits, found " + QuoteForMessage(NumberText(start)));
  }

  bool Refuse(std::size_t offset, std::string message) {
    Diagnostic problem;
    problem.position = source_.At(offset);
    problem.message = std::move(message);
    problem_ = std::move(problem);
    return false;
  }

  TextSource& source_;
  const int depth_max_;
  JsonEvents& events_;
  std::size_t taken_ = 0;
  std::size_t end_ = 0;    // of the last token
  char separator_ = '\0';  // what may stand before the next token
  int depth_ = 0;
  std::optional<Diagnostic> problem_;
};

}  // namespace

std::optional<Diagnostic> ScanJson(TextSource& source, int depth_max, JsonEvents& events) {
  return Scanner(source, depth_max, events).Scan();
}

}  // namespace portolan::manifests
