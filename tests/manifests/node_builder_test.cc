#include "manifests/node_builder.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(NodeBuilder, BuildsATreeAndStartsAnew) {
  NodeBuilder builder("a.yaml", {});
  EXPECT_TRUE(builder.Open(Node::Kind::kMapping, {1, 1}));
  EXPECT_TRUE(builder.ExpectsKey());
  EXPECT_TRUE(builder.Key("list", {1, 1}));
  EXPECT_FALSE(builder.ExpectsKey());
  EXPECT_TRUE(builder.ExpectsValue());
  EXPECT_TRUE(builder.Open(Node::Kind::kSequence, {1, 7}));
  EXPECT_FALSE(builder.ExpectsKey());
  EXPECT_TRUE(builder.Scalar("x", true, {1, 8}));
  EXPECT_TRUE(builder.Close());
  EXPECT_TRUE(builder.ExpectsKey());
  EXPECT_TRUE(builder.Close());
  const Document first = builder.TakeDocument();
  ASSERT_NE(first.root.Find("list"), nullptr);
  EXPECT_EQ(first.root.Find("list")->items.at(0).text, "x");
  EXPECT_TRUE(first.root.Find("list")->items.at(0).quoted);
  EXPECT_TRUE(builder.Scalar("y", false, {2, 1}));
  EXPECT_EQ(builder.TakeDocument().root.text, "y");
}

TEST(NodeBuilder, NamesTheFieldOfADamage) {
  NodeBuilder builder("a.yaml", {});
  EXPECT_TRUE(builder.Open(Node::Kind::kMapping, {1, 1}));
  EXPECT_TRUE(builder.Key("spec", {1, 1}));
  EXPECT_TRUE(builder.Open(Node::Kind::kSequence, {1, 7}));
  EXPECT_TRUE(builder.Scalar("x", false, {1, 8}));
  EXPECT_TRUE(builder.Scalar("y", false, {1, 9}));
  EXPECT_TRUE(builder.Damage({1, 9}, "odd", "mend it"));
  EXPECT_EQ(FormatDiagnostics(builder.TakeDocument().diagnostics),
            "a.yaml:1:9: spec[1]: odd; mend it\n");
}

TEST(NodeBuilder, KeepsTheFirstOfRepeatedKeys) {
  NodeBuilder builder("a.yaml", {});
  EXPECT_TRUE(builder.Open(Node::Kind::kMapping, {1, 1}));
  for (int line = 1; const char* key : {"a", "b", "a", "c", "b"}) {
    EXPECT_TRUE(builder.Key(key, {line, 1}));
    EXPECT_TRUE(builder.Scalar(std::to_string(line), false, {line, 4}));
    ++line;
  }
  EXPECT_TRUE(builder.Close());
  const Document document = builder.TakeDocument();
  EXPECT_EQ(document.diagnostics.size(), 2u);
  std::string kept;
  for (const Node::Member& member : document.root.members) kept += member.key + member.value.text;
  EXPECT_EQ(kept, "a1b2c4");
}

TEST(NodeBuilder, FailsAtItsLimits) {
  ReadLimits limits;
  limits.depth = 1;
  limits.errors = 1;
  NodeBuilder builder("a.yaml", limits);
  EXPECT_TRUE(builder.Open(Node::Kind::kSequence, {1, 1}));
  EXPECT_TRUE(builder.Damage({1, 1}, "first"));
  EXPECT_FALSE(builder.failure().has_value());
  EXPECT_FALSE(builder.Damage({1, 2}, "second"));
  EXPECT_EQ(builder.failure()->message, "too many errors: the rest of the text was not read");
  EXPECT_FALSE(builder.Open(Node::Kind::kSequence, {1, 3}));
  EXPECT_EQ(builder.failure()->message, "nested too deep: at most 1 levels are read");
}

}  // namespace
}  // namespace portolan::manifests
