#include "manifests/yaml_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::manifests {
namespace {

using namespace std::string_literals;

ReadResult Read(const std::string& text, const ReadLimits& limits = {}) {
  return ReadYaml(text, "maps/a.yaml", limits);
}

// All diagnostics of a text, one a line.
std::string Complaints(const std::string& text, const ReadLimits& limits = {}) {
  return FormatDiagnostics(Read(text, limits).AllDiagnostics());
}

// A tree on one line, each node with its place: {a@1:1: "x"@1:4}. Quoted scalars in double quotes.
std::string Show(const Node& node) {
  std::string text;
  const auto place = [](Position p) {
    return "@" + std::to_string(p.line) + ":" + std::to_string(p.column);
  };
  if (node.kind == Node::Kind::kScalar) {
    text = node.quoted ? "\"" + node.text + "\"" : node.text;
  } else if (node.kind == Node::Kind::kSequence) {
    text = "[";
    for (const Node& item : node.items) text += (text.size() > 1 ? ", " : "") + Show(item);
    text += "]";
  } else {
    text = "{";
    for (const Node::Member& member : node.members)
      text += (text.size() > 1 ? ", " : "") + member.key + place(member.position) + ": " +
              Show(member.value);
    text += "}";
  }
  return text + place(node.position);
}

std::string Tree(const std::string& text) {
  const ReadResult result = Read(text);
  EXPECT_EQ(FormatDiagnostics(result.AllDiagnostics()), "");
  std::string trees;
  for (const Document& document : result.documents)
    trees += (trees.empty() ? "" : " | ") + Show(document.root);
  return trees;
}

TEST(ReadYaml, KeepsTextQuotingOrderAndPlaces) {
  EXPECT_EQ(Tree("b: 017\na: 'no'\nlist:\n  - x\n  - {k: \"v\"}\n"),
            "{b@1:1: 017@1:4, a@2:1: \"no\"@2:4, "
            "list@3:1: [x@4:5, {k@5:6: \"v\"@5:9}@5:5]@4:3}@1:1");
}

TEST(ReadYaml, CountsColumnsInCodePoints) {
  EXPECT_EQ(Tree("日本: {ü: 1, b: 2}\n"), "{日本@1:1: {ü@1:6: 1@1:9, b@1:12: 2@1:15}@1:5}@1:1");
}

TEST(ReadYaml, TakesBlockScalarsAsStrings) {
  EXPECT_EQ(Tree("a: |\n  it's\n  \"x\nb: >-\n  1\n"),
            "{a@1:1: \"it's\n\"x\n\"@1:4, b@4:1: \"1\"@4:4}@1:1");
}

TEST(ReadYaml, AcceptsAByteOrderMarkAndDoesNotCountIt) {
  EXPECT_EQ(Tree("\xEF\xBB\xBF"
                 "a: 1\n"),
            "{a@1:1: 1@1:4}@1:1");
}

TEST(ReadYaml, AcceptsWindowsLineEnds) {
  EXPECT_EQ(Tree("a: 1\r\nb: \"2\"\r\n"), "{a@1:1: 1@1:4, b@2:1: \"2\"@2:4}@1:1");
}

TEST(ReadYaml, AcceptsOldBooleansAsKeys) {
  EXPECT_EQ(Tree("no: 1\non: 2\n017: 3\n"), "{no@1:1: 1@1:5, on@2:1: 2@2:5, 017@3:1: 3@3:6}@1:1");
}

TEST(ReadYaml, ReadsSeveralDocumentsAndSkipsEmptyOnes) {
  EXPECT_EQ(Tree("---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n---\n"),
            "{a@4:1: 1@4:4}@4:1 | {b@7:1: 2@7:4}@7:1");
  EXPECT_EQ(Tree(""), "");
  EXPECT_EQ(Tree("# only a comment\n"), "");
}

TEST(ReadYaml, PlacesAnAbsentValueAtItsKeyOrDash) {
  EXPECT_EQ(Tree("a:\n\n\nb: ~\nc:\n  -\n  - null\n"),
            "{a@1:1: @1:1, b@4:1: ~@4:4, c@5:1: [@6:3, null@7:5]@6:3}@1:1");
}

TEST(ReadYaml, RefusesDuplicateKeysNamingBothPlaces) {
  EXPECT_EQ(Complaints("spec:\n  entries:\n    a: 1\n    b: 2\n    \"a\": 3\n    a: 4\n"),
            "maps/a.yaml:5:5: spec.entries: duplicate key \"a\", first at 3:5; keep one of them\n"
            "maps/a.yaml:6:5: spec.entries: duplicate key \"a\", first at 3:5; keep one of them\n");
}

TEST(ReadYaml, KeepsADamagedDocumentSoThatItsOwnerCanBeFound) {
  const ReadResult result = Read("kind: Map\nspec: {a: 1, a: 2}\n---\nkind: Policy\n");
  ASSERT_EQ(result.documents.size(), 2u);
  EXPECT_EQ(result.documents[0].diagnostics.size(), 1u);
  EXPECT_EQ(result.documents[0].root.Find("kind")->text, "Map");
  EXPECT_EQ(result.documents[0].root.Find("spec")->members.size(), 1u);
  EXPECT_TRUE(result.documents[1].diagnostics.empty());
  EXPECT_FALSE(result.failure.has_value());
}

TEST(ReadYaml, RefusesAnchorsAndAliasesWithTheirPlaces) {
  EXPECT_EQ(Complaints("a: &x 1\nb: *x\n"),
            "maps/a.yaml:1:4: a: anchors are not supported, found &x; "
            "remove it and write the value out where it is used\n"
            "maps/a.yaml:2:4: b: aliases are not supported; write the value out\n");
}

TEST(ReadYaml, SurvivesACycleOfAliases) {
  const ReadResult result = Read("a: &a [*a]\n");
  EXPECT_EQ(result.AllDiagnostics().size(), 2u);
  EXPECT_EQ(Show(result.documents.at(0).root), "{a@1:1: [@1:8]@1:4}@1:1");
}

TEST(ReadYaml, RefusesAliasesAsKeys) {
  EXPECT_EQ(Complaints("a: &x k\n*x : {b: 1}\n"),
            "maps/a.yaml:1:4: a: anchors are not supported, found &x; "
            "remove it and write the value out where it is used\n"
            "maps/a.yaml:2:1: expected a string as key, found an alias; quote the key\n");
}

TEST(ReadYaml, RefusesMergeKeysButNotTheQuotedText) {
  EXPECT_EQ(Complaints("a: 1\n<<: {b: 1}\nc: 2\n"),
            "maps/a.yaml:2:1: merge keys are not supported, found <<; "
            "write the members out, or quote the key\n");
  EXPECT_EQ(Tree("\"<<\": 1\n"), "{<<@1:1: 1@1:7}@1:1");
}

TEST(ReadYaml, LimitsDepthAtTheFirstContainerTooDeep) {
  const std::string text = std::string(33, '[') + std::string(33, ']');
  const ReadResult result = Read(text);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->position.column, 33);
  EXPECT_NE(result.failure->message.find("at most 32 levels"), std::string::npos);
  EXPECT_TRUE(Read(text.substr(1, 64)).ok());
}

TEST(ReadYaml, FailsByItsOwnLimitOnNestingThatWouldExhaustTheParser) {
  EXPECT_NE(Complaints(std::string(100'000, '[')).find("nested too deep"), std::string::npos);
  std::string maps;
  for (int i = 0; i < 1000; ++i) maps += "{a: ";
  EXPECT_NE(Complaints(maps).find("nested too deep"), std::string::npos);
}

// The parser itself tells nothing of such brackets before the end of the text.
TEST(ReadYaml, NamesTheBracketThatIsTooDeepWhereverTheBracketsBegin) {
  const std::string brackets(1'000'000, '[');
  EXPECT_EQ(Complaints(brackets),
            "maps/a.yaml:1:33: nested too deep: at most 32 levels are read\n");
  const std::string some = brackets.substr(0, 10'000);
  for (const std::string before : {"a: ",
                                   "a: b\nc: ",
                                   "a: b\n  c\nd: ",
                                   "- |\n  x\n- ",
                                   "- x\n- ",
                                   "- 'x'\n- ",
                                   "- ~\n- ",
                                   "--- ",
                                   "a: 1\n--- ",
                                   "a: 1\n...\n",
                                   "? ",
                                   "\"a\": ",
                                   "\"a\" ",
                                   "- []\n- ",
                                   "- {a: b}\n- - ",
                                   "-a: ",
                                   ".: ",
                                   "a: !!str b\nc: ",
                                   "a: # b\n  # c\n  ",
                                   "a: \n\n  ",
                                   "a: >-\n  b\n\nc: ",
                                   "a:\n  - b\nc: ",
                                   "a: b\r\nc:\r\n "}) {
    const ReadResult result = Read(before + some);
    ASSERT_TRUE(result.failure.has_value()) << before;
    EXPECT_EQ(result.failure->message, "nested too deep: at most 32 levels are read") << before;
    const std::size_t line = before.rfind('\n') + 1;  // npos + 1 is 0
    EXPECT_EQ(result.failure->position.column, static_cast<int>(before.size() - line) + 33)
        << before;
  }
}

TEST(ReadYaml, ReadsAQuotedTextBehindATagThatIsWrittenOut) {
  const ReadResult result = Read("{a: !<tag:yaml.org,2002:str> \"" + std::string(40, '[') + "\"}");
  EXPECT_TRUE(result.ok()) << FormatDiagnostics(result.AllDiagnostics());
}

TEST(ReadYaml, KeepsDocumentsThatWereCompleteBeforeBracketsTooDeep) {
  const ReadResult result = Read("a: 1\n---\n" + std::string(1000, '['));
  EXPECT_EQ(FormatDiagnostics(result.AllDiagnostics()),
            "maps/a.yaml:3:33: nested too deep: at most 32 levels are read\n");
  ASSERT_EQ(result.documents.size(), 1u);
  EXPECT_EQ(Show(result.documents[0].root), "{a@1:1: 1@1:4}@1:1");
}

TEST(ReadYaml, ReadsAnyNumberOfBracketsThatAreText) {
  const std::string many(200'000, '[');
  for (const std::string before : {"# ", "a: 1 # ", "a: b ", "a: |\n  ", "a: >\n  - ", "a: \"",
                                   "a: '", "[a, \"", "{a: '", "- [a] # ", "--- # ", "a: b\n  - "}) {
    std::string text = before + many;
    if (const char quote = before.back(); quote == '"' || quote == '\'') text += quote;
    if (before[0] == '[') text += ']';
    if (before[0] == '{') text += '}';
    EXPECT_EQ(Complaints(text + "\n"), "") << before;
  }
  const std::string some = many.substr(0, 100);
  for (const std::string before :
       {"a: |\n  x\n-", "a: |\n  x\n--", "a: >\n  x\n-- ", "a: |\n  x\n---", "a: |\n  x\n..",
        "a: b\n.", "a: b\nc ", "a: [b]\nc"})
    EXPECT_EQ(Complaints(before + some + ": y\n"), "") << before;
}

TEST(ReadYaml, ReadsManyFlatFlowCollections) {
  std::string text = "a: [";
  for (int i = 0; i < 1000; ++i) text += "[b, {c: 'd]'}], ";
  EXPECT_EQ(Complaints(text + "[]]\n"), "");
}

TEST(ReadYaml, LimitsTheNumberOfNodes) {
  ReadLimits limits;
  limits.nodes = 5;
  EXPECT_EQ(Complaints("a: 1\nb: 2\n", limits), "");
  EXPECT_EQ(Complaints("a: 1\nb: 2\nc: 3\n", limits),
            "maps/a.yaml:3:1: too many nodes: at most 5 keys and values are read\n");
}

TEST(ReadYaml, LimitsTheSizeOfOneScalarAndReadsOn) {
  const ReadLimits limits;
  const std::string long_text(limits.scalar_bytes + 1, 'x');
  EXPECT_EQ(Complaints("a: " + long_text.substr(1) + "\n"), "");
  const ReadResult result = Read("a: " + long_text + "\nb: 1\n");
  EXPECT_EQ(
      FormatDiagnostics(result.AllDiagnostics()),
      "maps/a.yaml:1:4: a: expected at most 262144 bytes in one key or value, found 262145\n");
  EXPECT_EQ(result.documents.at(0).root.Find("b")->text, "1");
}

TEST(ReadYaml, LimitsBytesDocumentsAndErrors) {
  ReadLimits limits;
  limits.bytes = 4;
  EXPECT_EQ(Complaints("a: 1\n", limits),
            "maps/a.yaml: the text has 5 bytes, at most 4 are read\n");
  limits = {};
  limits.documents = 2;
  EXPECT_NE(Complaints("---\n---\n---\n", limits).find("3:1: too many documents"),
            std::string::npos);
  limits = {};
  limits.errors = 2;
  EXPECT_NE(Complaints("[!a x, !a x, !a x, !a x]", limits).find("too many errors"),
            std::string::npos);
}

TEST(ReadYaml, FindsADoubleQuoteThatIsNeverClosed) {
  const ReadResult result = Read("z: 1\n---\na: \"x\nb: 1\nc: 2\n");
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(FormatDiagnostic(*result.failure),
            "maps/a.yaml:3:4: the quote is never closed; add the missing quote");
  ASSERT_EQ(result.documents.size(), 1u);
  EXPECT_EQ(Show(result.documents[0].root), "{z@1:1: 1@1:4}@1:1");
}

TEST(ReadYaml, RefusesAQuotedTextThatTakesInMembers) {
  EXPECT_EQ(Complaints("a: \"x\nb: y\nc: \"\nd: 1\n"),
            "maps/a.yaml:1:4: the quoted text takes in lines that look like members, down to line "
            "3; add the missing quote; for a text over lines use a block: |\n");
  for (const std::string text : {"a: 'x\n  b/c-1: {k: 1}\n  d'\n", "- \"x\n- k: y\n- k: z\"\n",
                                 "{a: 'x,\n b: 2,\n c: z'}\n", "a: \"x\n  b:\n    c\"\n"})
    EXPECT_NE(Complaints(text).find("look like members"), std::string::npos) << text;
  for (const std::string text : {"a: \"see\n  http://x.org/a: b\"\n", "a: \"one two: three\"\n",
                                 "a: 'first line\n  and a note: this'\n", "a: |\n  b: 1\n  c: 2\n"})
    EXPECT_EQ(Complaints(text), "") << text;
}

TEST(ReadYaml, PointsAtTheQuoteThatALaterLinesQuoteCloses) {
  EXPECT_EQ(Complaints("a: {k: \"x}\nb: {k: \"y\"}\n"),
            "maps/a.yaml:1:8: the quoted text takes in lines that look like members, down to line "
            "2; add the missing quote; for a text over lines use a block: |\n");
  EXPECT_EQ(Complaints("\"a\": {k: \"x}\n\"b\": {k: \"y\"}\n"),
            "maps/a.yaml:1:10: the quote is closed by one in line 2, and what follows it there is "
            "no valid YAML; add the missing quote\n");
  EXPECT_EQ(Complaints("a: {k: \"x}\nb: {k: 1}\n"),
            "maps/a.yaml:1:8: the quote is never closed; add the missing quote\n");
}

TEST(ReadYaml, FindsUnclosedQuotesInEveryStyle) {
  for (const std::string text :
       {"a: 'x\nb: 2\n", "a: 'it''s\n", "a: \"x\\\"\nb: 2\n", "a: \"x\\\\\\\"\n", "- !!str \"x\n",
        "a: !!str\n  'x\nb: 1\n", "\"x\n", "a: 'ü\n\n", "? [1, 2]\n: 'x\n"})
    EXPECT_NE(Complaints(text).find("the quote is never closed"), std::string::npos) << text;
  for (const std::string text : {"a: 'it''s'\n", "a: \"x\\\"\"\n", "a: \"x\\\\\"\n", "a: ''\n",
                                 "a: \"\"", "a: '''x'''\n", "a: !!str \"x\"\n", "a: 'x\n  y'\n"})
    EXPECT_EQ(Complaints(text), "") << text;
}

TEST(ReadYaml, RefusesBytesThatWouldMisleadTheParser) {
  EXPECT_EQ(Complaints("a: 1\nb: \0c\n"s),
            "maps/a.yaml:2:4: expected text, found the control character 0x00; "
            "write it as an escape in a double-quoted string\n");
  EXPECT_NE(Complaints("a: 1\n\x04\nb: 2\n").find("2:1: expected text"), std::string::npos)
      << "yaml-cpp takes this byte for the end of the file";
  EXPECT_EQ(Complaints("a: ü\xFF\n"),
            "maps/a.yaml:1:5: expected UTF-8, found the byte 0xFF; save the file as UTF-8\n");
  EXPECT_NE(Complaints("\xFF\xFE"
                       "a\0:\0"s)
                .find("found UTF-16"),
            std::string::npos);
  EXPECT_NE(Complaints("a\0:\0 \0"s
                       "1\0"s)
                .find("control character 0x00"),
            std::string::npos);
}

TEST(ReadYaml, RefusesCarriageReturnsThatStandAlone) {
  EXPECT_EQ(Complaints("- a\r\n- b\r- c\n"),
            "maps/a.yaml:2:4: expected lines to end with LF or CR LF, found CR alone; "
            "convert the line ends\n");
}

TEST(ReadYaml, RefusesTagsOtherThanString) {
  EXPECT_EQ(Tree("a: !!str 5\nb: !!str \"x\"\nc: !!str\n"),
            "{a@1:1: \"5\"@1:4, b@2:1: \"x\"@2:4, c@3:1: \"\"@3:4}@1:1");
  for (const std::string tagged : {"!!int \"3\"", "!foo x", "! x", "!!map {a: 1}", "!!seq [1]",
                                   "!!null ~", "!<tag:example.com,2000:x> y"})
    EXPECT_NE(Complaints("k: " + tagged + "\n").find("1:4: k: tags other than !!str"),
              std::string::npos)
        << tagged << ": " << Complaints("k: " + tagged + "\n");
}

TEST(ReadYaml, RefusesKeysThatAreNoStringsAndReadsOn) {
  const ReadResult result =
      Read("? [1, {x: 2}]\n: {y: [3]}\n? {a: 1}\n: v\n~: 1\nnull: {z: 1}\n: 2\nb: 3\n");
  EXPECT_EQ(FormatDiagnostics(result.AllDiagnostics()),
            "maps/a.yaml:1:3: expected a string as key, found a sequence; quote the key\n"
            "maps/a.yaml:3:3: expected a string as key, found a mapping; quote the key\n"
            "maps/a.yaml:5:1: expected a string as key, found null; quote the key\n"
            "maps/a.yaml:6:1: expected a string as key, found null; quote the key\n"
            "maps/a.yaml:7:1: expected a string as key, found null; quote the key\n");
  EXPECT_EQ(Show(result.documents.at(0).root), "{b@8:1: 3@8:4}@1:1");
}

TEST(ReadYaml, RefusesAKeyWithoutColon) {
  EXPECT_EQ(Complaints("a: 1\nb c\n"),
            "maps/a.yaml:2:1: \"b c\": expected ':' after the key; add it, or quote the text\n");
  for (const std::string text : {"{\"b\", a: 1}\n", "a: 1\nb\n", "{a: 1, b}\n", "? a\n? b\n"})
    EXPECT_NE(Complaints(text).find("expected ':'"), std::string::npos) << text;
  for (const std::string text : {"a :\n", "\"a\" :\n", "'a''b':\n", "{a: , b: }\n", "? a\n:\n",
                                 "!!str a:\n", "\"\":\n", "ü:\nb: 1\n"})
    EXPECT_EQ(Complaints(text), "") << text;
}

TEST(ReadYaml, RefusesTextAfterACompleteNode) {
  EXPECT_EQ(Complaints("{a: 1}\nb: 2\n"),
            "maps/a.yaml:2:1: expected the document to end, found more text; "
            "check indentation and brackets, or separate documents with ---\n");
  EXPECT_FALSE(Read("  a: 1\nb: 2\n").ok());
  EXPECT_FALSE(Read("[1]]\n").ok());
}

TEST(ReadYaml, ReportsSyntaxErrorsFromOneAndInCodePoints) {
  EXPECT_EQ(Complaints("a: 1\nü: [日, }\n"), "maps/a.yaml:2:8: no valid YAML: illegal flow end\n");
  EXPECT_NE(Complaints("a:\n\t- b\n").find("maps/a.yaml:2:"), std::string::npos);
  EXPECT_NE(Complaints("a: *nowhere\n").find("maps/a.yaml:1:4: no valid YAML"), std::string::npos);
}

TEST(ReadYaml, KeepsDocumentsThatWereCompleteBeforeASyntaxError) {
  const ReadResult result = Read("a: 1\n---\nb: ]\n");
  EXPECT_EQ(result.documents.size(), 1u);
  EXPECT_TRUE(result.failure.has_value());
}

}  // namespace
}  // namespace portolan::manifests
