#include "reconciler/policy/cel/functions.h"

#include <gtest/gtest.h>

#include <set>

#include "reconciler/policy/cel/overload.h"
#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(FunctionDocs, NameEveryFunctionOnce) {
  std::set<std::string_view> documented;
  for (const FunctionDoc& doc : FunctionDocs()) {
    EXPECT_TRUE(documented.insert(doc.name).second) << doc.name;
    EXPECT_TRUE(doc.text.ends_with('.')) << doc.name;
    EXPECT_NE(doc.signature.find(doc.name), std::string_view::npos) << doc.name;
  }
  std::set<std::string_view> known;
  for (const auto& table : FunctionTables())
    for (const Overload& overload : table) known.insert(overload.name);
  for (const std::string_view name : known) EXPECT_TRUE(documented.contains(name)) << name;
  for (const FunctionDoc& doc : FunctionDocs())
    if (doc.group != "macro") {
      EXPECT_TRUE(known.contains(doc.name)) << doc.name;
    }
}

}  // namespace
}  // namespace portolan::reconciler::cel
