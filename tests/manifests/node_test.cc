#include "manifests/node.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(Node, FindsAMemberByItsKey) {
  Node node;
  node.kind = Node::Kind::kMapping;
  node.members.push_back({"a", {1, 1}, Node{}});
  node.members.push_back({"b", {2, 1}, Node{}});
  node.members[1].value.text = "x";
  ASSERT_NE(node.Find("b"), nullptr);
  EXPECT_EQ(node.Find("b")->text, "x");
  EXPECT_EQ(node.Find("c"), nullptr);
  EXPECT_EQ(Node{}.Find("a"), nullptr);
}

}  // namespace
}  // namespace portolan::manifests
