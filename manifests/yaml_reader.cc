#include "manifests/yaml_reader.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <istream>
#include <optional>
#include <streambuf>
#include <utility>
#include <vector>

#include "manifests/node_builder.h"
#include "manifests/text_source.h"
#include "manifests/yaml_nesting.h"

// yaml-cpp 0.7 as a tokeniser: its events become nodes with positions, and its own tree, typing
// and schema are not used. It is laxer than YAML in ways that lose keys without a word, each met
// in a test: a quote that is never closed swallows the rest of the text; a quote closed by a later
// line's opening swallows the lines between; a line without ':' is a key without a value; another
// document begins wherever the text goes on after a complete node. What it lets pass is found
// again here by looking at the text at the offset of its marks. And it gives no event of what is
// behind a bracket that may still begin a key: how deep brackets are nested is found before it
// (yaml_nesting.h).

namespace portolan::manifests {
namespace {

constexpr std::string_view kPlainTag = "?";  // yaml-cpp's tags of scalars without one
constexpr std::string_view kQuotedTag = "!";
constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
constexpr std::size_t kNowhere = std::string_view::npos;

// Unwinds yaml-cpp's parser when the builder has failed.
// An exception, since the parser has no other way to stop.
struct Stopped {};

// The same, of a bracket with too many around it.
struct TooDeep {
  std::size_t offset;
};

// Hands a text out byte by byte, so that what the scanner has taken tells where it is.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written through
    setg(begin, begin, begin + text.size());
  }

  std::size_t taken() const { return static_cast<std::size_t>(gptr() - eback()); }
  // Throws TooDeep when more than this bracket is wanted: until then the parser completes what
  // stands before it.
  void EndAt(std::size_t bracket) { last_ = bracket; }

 protected:
  std::streamsize xsgetn(char* to, std::streamsize size) override {
    if (last_ && taken() > *last_) throw TooDeep{*last_};
    if (size == 0 || gptr() == egptr()) return 0;
    *to = *gptr();
    gbump(1);
    return 1;
  }

 private:
  std::optional<std::size_t> last_;
};

// True when a line of a quoted text looks like a member, "key:" or "- key:". Text over lines has no
// such lines by chance, but a quote that is closed by another one's opening has.
bool HasMemberLine(std::string_view quoted) {
  for (std::size_t end = quoted.find('\n'); end != kNowhere; end = quoted.find('\n', end + 1)) {
    std::string_view line = quoted.substr(end + 1);
    line = line.substr(0, line.find('\n'));
    // Also behind the dash of an item and inside a flow mapping.
    line.remove_prefix(std::min(line.find_first_not_of(" \t-{,"), line.size()));
    const std::size_t colon = line.find(':');
    if (colon == kNowhere || colon == 0 || line[0] == '#') continue;
    const bool one_word = line.substr(0, colon).find_first_of(" \t") == kNowhere;
    const bool ends =
        colon + 1 == line.size() || std::string_view(" \t\r").find(line[colon + 1]) != kNowhere;
    if (one_word && ends) return true;
  }
  return false;
}

// Feeds a NodeBuilder with yaml-cpp's events. yaml-cpp serves as tokeniser only; what it lets pass
// is caught here.
class YamlEvents : public YAML::EventHandler {
 public:
  YamlEvents(TextSource& source, NodeBuilder& builder, const ReadLimits& limits)
      : source_(source),
        builder_(builder),
        limits_(limits),
        buffer_(source.text()),
        nesting_(source.text(), limits.depth) {}

  MemoryBuffer& buffer() { return buffer_; }
  // Ends the text at a bracket nested too deep in what the parser reads before its next event.
  void CheckNesting() {
    if (const auto bracket = nesting_.FindTooDeep(buffer_.taken())) buffer_.EndAt(*bracket);
  }

  std::vector<Document> TakeDocuments() { return std::move(documents_); }
  void DropLastDocument() { documents_.pop_back(); }
  // The offset of the last quoted scalar's opening quote, or npos.
  std::size_t last_quote() const { return last_quote_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    CheckNesting();
    const Position position = Place(mark);
    // yaml-cpp begins another document wherever the text goes on after a complete node.
    if (started_ > 0 && !source_.text().substr(Offset(mark)).starts_with("---"))
      Check(builder_.Fail(position, "expected the document to end, found more text",
                          "check indentation and brackets, or separate documents with ---"));
    if (++started_ > limits_.documents)
      Check(builder_.Fail(position, "too many documents: at most " +
                                        std::to_string(limits_.documents) + " are read"));
  }

  void OnDocumentEnd() override {
    CheckNesting();
    Document document = builder_.TakeDocument();
    const Node& root = document.root;
    const bool empty = root.kind == Node::Kind::kScalar && root.text.empty() && !root.quoted;
    if (!empty || !document.diagnostics.empty()) documents_.push_back(std::move(document));
  }

  // An absent value and a spelled null are one event; the text at the mark tells them apart.
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    CheckNesting();
    if (SkipLeaf()) return;
    const std::string_view spelled = SpelledNull(Offset(mark));
    if (builder_.ExpectsKey()) return RefuseKey(Place(mark), "null");
    const Position position = spelled.empty() ? PlaceOfAbsent(mark) : Place(mark);
    if (spelled.empty() && builder_.ExpectsValue() && !HasColon(key_offset_, key_size_))
      Check(builder_.Damage(position, "expected ':' after the key", "add it, or quote the text"));
    Check(builder_.Scalar(std::string(spelled), false, position));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    CheckNesting();
    if (SkipLeaf()) return;
    const Position position = Place(mark);
    if (builder_.ExpectsKey()) return RefuseKey(position, "an alias");
    Check(builder_.Damage(position, "aliases are not supported", "write the value out"));
    Check(builder_.Scalar("", false, position));
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    Check(builder_.Damage(Place(mark), "anchors are not supported, found &" + name,
                          "remove it and write the value out where it is used"));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& text) override {
    CheckNesting();
    if (tag != kPlainTag && IsQuote(SkipTag(Offset(mark)))) TakeQuote(SkipTag(Offset(mark)));
    if (SkipLeaf()) return;
    const Position position = Place(mark);
    if (HasForeignTag(Offset(mark), tag)) RefuseTag(position, tag);
    if (!builder_.ExpectsKey()) return Check(builder_.Scalar(text, tag != kPlainTag, position));
    // YAML 1.1's merge key: yaml-cpp would hand it on as any key.
    if (text == "<<" && tag == kPlainTag) {
      Check(builder_.Damage(position, "merge keys are not supported, found <<",
                            "write the members out, or quote the key"));
      skip_nodes_ = 1;
      return;
    }
    key_position_ = position;
    key_offset_ = Offset(mark);
    key_size_ = text.size();
    Check(builder_.Key(text, position));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(Node::Kind::kSequence, mark, tag);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(Node::Kind::kMapping, mark, tag);
  }
  void OnMapEnd() override { Close(); }

 private:
  static void Check(bool goes_on) {
    if (!goes_on) throw Stopped{};
  }

  // Marks count bytes of the text without BOM, like the source's offsets.
  // Tokens at the end may be marked behind the text.
  std::size_t Offset(const YAML::Mark& mark) const {
    return mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(mark.pos), source_.text().size());
  }
  Position Place(const YAML::Mark& mark) { return source_.At(Offset(mark)); }

  // An absent value's mark is that of the next token, maybe lines below: its key or dash says more.
  Position PlaceOfAbsent(const YAML::Mark& mark) {
    if (builder_.ExpectsValue()) return key_position_;
    const std::size_t before =
        Offset(mark) == 0 ? kNowhere : source_.text().find_last_not_of(" \t\r\n", Offset(mark) - 1);
    if (before != kNowhere && source_.text()[before] == '-') return source_.At(before);
    return Place(mark);
  }

  std::string_view SpelledNull(std::size_t offset) const {
    constexpr std::array<std::string_view, 4> kSpellings = {"~", "null", "Null", "NULL"};
    const std::string_view rest = source_.text().substr(offset);
    for (const std::string_view spelling : kSpellings)
      if (rest.starts_with(spelling)) return rest.substr(0, spelling.size());
    return {};
  }

  void RefuseTag(Position position, const std::string& tag) {
    Check(builder_.Damage(position, "tags other than !!str are not supported, found " + tag,
                          "remove the tag"));
  }

  // Fails on a quoted text that takes in members of the mapping around it.
  void TakeQuote(std::size_t open) {
    last_quote_ = open;
    const std::size_t close = ClosingQuote(source_.text(), open);
    if (close == kNowhere || !HasMemberLine(source_.text().substr(open, close - open))) return;
    Check(builder_.Fail(source_.At(open),
                        "the quoted text takes in lines that look like members, down to line " +
                            std::to_string(source_.At(close).line),
                        "add the missing quote; for a text over lines use a block: |"));
  }

  // False for yaml-cpp's own tags, unless the text says "!" itself.
  bool HasForeignTag(std::size_t offset, const std::string& tag) const {
    if (tag == kStringTag) return false;
    const bool written = source_.text().substr(offset).starts_with('!');
    return written || (tag != kPlainTag && tag != kQuotedTag);
  }

  // Leaves out the key, as far as it is no scalar, and its value.
  void RefuseKey(Position position, std::string_view found) {
    Check(builder_.Damage(position, "expected a string as key, found " + std::string(found),
                          "quote the key"));
    skip_nodes_ = 1;
  }

  // Where the scalar itself begins when a tag stands before it.
  std::size_t SkipTag(std::size_t offset) const {
    const std::string_view text = source_.text();
    if (offset >= text.size() || text[offset] != '!') return offset;
    return text.find_first_not_of(" \t\r\n", text.find_first_of(" \t\r\n", offset));
  }

  bool IsQuote(std::size_t offset) const {
    const std::string_view text = source_.text();
    return offset < text.size() && (text[offset] == '"' || text[offset] == '\'');
  }

  // yaml-cpp takes a line without ':' for a key without value: a forgotten colon would pass.
  bool HasColon(std::size_t key_offset, std::size_t key_size) const {
    const std::string_view text = source_.text();
    const std::size_t begin = SkipTag(key_offset);
    const std::size_t last = IsQuote(begin) ? ClosingQuote(text, begin) : begin + key_size - 1;
    const std::size_t next =
        last == kNowhere ? kNowhere : text.find_first_not_of(" \t\r\n", last + 1);
    return next != kNowhere && text[next] == ':';
  }

  // True for a scalar of a part that is left out.
  bool SkipLeaf() {
    if (skip_nodes_ == 0) return false;
    if (skip_depth_ == 0) --skip_nodes_;
    return true;
  }

  void Open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    if (skip_nodes_ > 0) {
      ++skip_depth_;
      return;
    }
    const Position position = Place(mark);
    if (builder_.ExpectsKey()) {
      RefuseKey(position, kind == Node::Kind::kMapping ? "a mapping" : "a sequence");
      ++skip_nodes_;
      ++skip_depth_;
      return;
    }
    if (tag != kPlainTag) RefuseTag(position, tag);
    Check(builder_.Open(kind, position));
  }

  void Close() {
    CheckNesting();
    if (skip_depth_ == 0) return Check(builder_.Close());
    if (--skip_depth_ == 0) --skip_nodes_;
  }

  TextSource& source_;
  NodeBuilder& builder_;
  const ReadLimits& limits_;
  MemoryBuffer buffer_;
  YamlNesting nesting_;
  std::vector<Document> documents_;
  std::size_t started_ = 0;  // documents, empty ones included
  std::size_t last_quote_ = kNowhere;
  Position key_position_;  // of the last key
  std::size_t key_offset_ = 0;
  std::size_t key_size_ = 0;
  int skip_nodes_ = 0;  // nodes still to leave out
  int skip_depth_ = 0;  // open collections of the one being left out
};

// A line end of CR alone is white space to yaml-cpp: "- a CR - b" would become one item.
// YAML 1.2.2 section 5.4 takes it for a line break.
std::optional<Diagnostic> CheckLineEnds(TextSource& source) {
  const std::string_view text = source.text();
  for (auto at = text.find('\r'); at != kNowhere; at = text.find('\r', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') continue;
    Diagnostic problem;
    problem.position = source.At(at);
    problem.message = "expected lines to end with LF or CR LF, found CR alone";
    problem.hint = "convert the line ends";
    return problem;
  }
  return std::nullopt;
}

// What the parser's failure is really about, when a quote is open before it: the quote that is
// never closed, or is closed by the opening of a later line's.
bool FailAtQuote(TextSource& source, std::size_t quote, Position failure, NodeBuilder& builder) {
  if (quote == kNowhere) return false;
  const Position open = source.At(quote);
  const std::size_t close = ClosingQuote(source.text(), quote);
  if (close == kNowhere) {
    builder.Fail(open, "the quote is never closed", "add the missing quote");
    return true;
  }
  const int line = source.At(close).line;
  if (line == open.line || line != failure.line) return false;
  builder.Fail(open,
               "the quote is closed by one in line " + std::to_string(line) +
                   ", and what follows it there is no valid YAML",
               "add the missing quote");
  return true;
}

// Runs the parser to the end of the text, or to the builder's failure.
void Parse(TextSource& source, YamlEvents& events, NodeBuilder& builder) {
  std::istream stream(&events.buffer());
  try {
    events.CheckNesting();
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const Stopped&) {
    return;
  } catch (const TooDeep& bracket) {
    builder.FailTooDeep(source.At(bracket.offset));
    return;
  } catch (const YAML::DeepRecursion& error) {
    // yaml-cpp's own guard of its stack, far above ours: reached by what is no node to us.
    builder.Fail(source.At(static_cast<std::size_t>(error.mark.pos)), "nested too deep");
    return;
  } catch (const YAML::Exception& error) {
    const Position position =
        error.mark.is_null() ? Position{} : source.At(static_cast<std::size_t>(error.mark.pos));
    if (!FailAtQuote(source, events.last_quote(), position, builder))
      builder.Fail(position, "no valid YAML: " + error.msg);
    return;
  }
  // yaml-cpp accepts a quoted scalar that the end of the text ends: it would swallow all that
  // follows the quote.
  const std::size_t quote = events.last_quote();
  if (quote != kNowhere && ClosingQuote(source.text(), quote) == kNowhere) {
    builder.Fail(source.At(quote), "the quote is never closed", "add the missing quote");
    events.DropLastDocument();
  }
}

}  // namespace

ReadResult ReadYaml(std::string_view bytes, const std::string& file, const ReadLimits& limits) {
  ReadResult result;
  TextSource source(bytes);
  result.failure = source.Check(limits.bytes);
  if (!result.failure) result.failure = CheckLineEnds(source);
  if (result.failure) {
    result.failure->file = file;
    return result;
  }
  NodeBuilder builder(file, limits);
  YamlEvents events(source, builder, limits);
  Parse(source, events, builder);
  result.documents = events.TakeDocuments();
  result.failure = builder.failure();
  return result;
}

}  // namespace portolan::manifests
