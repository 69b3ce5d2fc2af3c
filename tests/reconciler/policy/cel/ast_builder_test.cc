#include "reconciler/policy/cel/ast_builder.h"

#include <gtest/gtest.h>

namespace portolan::reconciler::cel {
namespace {

Node Leaf() {
  return {.op = Op::kConst};
}

TEST(AstBuilder, RefusesDeepTrees) {
  Ast ast;
  AstBuilder builder(ast);
  NodeId id = builder.Add(Leaf(), {});
  for (int depth = 1; depth < kNestingMax; ++depth)
    id = builder.Add({.op = Op::kNot, .a = id}, {id});
  EXPECT_FALSE(builder.failed());
  EXPECT_EQ(builder.Add({.op = Op::kNot, .mark = 7, .a = id}, {id}), kNoNode);
  EXPECT_EQ(builder.problem().offset, 7u);
  EXPECT_EQ(builder.problem().message,
            "the expression is nested deeper than 250 levels; split it into variables");
}

TEST(AstBuilder, RefusesTooManyNodes) {
  Ast ast;
  AstBuilder builder(ast);
  for (std::size_t i = 0; i < kNodesMax; ++i) ASSERT_NE(builder.Add(Leaf(), {}), kNoNode);
  EXPECT_EQ(builder.Add(Leaf(), {}), kNoNode);
  EXPECT_TRUE(builder.failed());
}

TEST(AstBuilder, KeepsTheFirstProblemAndPassesItOn) {
  Ast ast;
  AstBuilder builder(ast);
  EXPECT_EQ(builder.Fail(1, "first"), kNoNode);
  builder.Fail(2, "second");
  EXPECT_EQ(builder.problem().message, "first");
  EXPECT_EQ(builder.Add({.op = Op::kNot, .a = kNoNode}, {kNoNode}), kNoNode);
  EXPECT_EQ(builder.AddMany({.op = Op::kList}, {kNoNode}), kNoNode);
}

TEST(AstBuilder, StoresChildrenInARow) {
  Ast ast;
  AstBuilder builder(ast);
  const NodeId one = builder.Add(Leaf(), {}), two = builder.Add(Leaf(), {});
  const NodeId list = builder.AddMany({.op = Op::kList}, {one, two});
  EXPECT_EQ(ast.nodes[list].b, 2u);
  EXPECT_EQ(ast.children[ast.nodes[list].a + 1], two);
}

}  // namespace
}  // namespace portolan::reconciler::cel
