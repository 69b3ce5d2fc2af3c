#include "reconciler/policy/fixture.h"

#include <gtest/gtest.h>

#include "reconciler/policy/trial.h"

namespace portolan::reconciler {
namespace {

using manifests::ParseJson;

TEST(PolicyFixture, SetsEveryVariableThatExists) {
  EXPECT_EQ(manifests::FormatDiagnostics(CheckVariables(TestVariables(), "f", {})), "");
  for (std::size_t i = 0; i < kVariableCount; ++i)
    EXPECT_TRUE(TestVariables().Find(kVariableNames[i]) != nullptr || kVariableNames[i] == "params")
        << kVariableNames[i];
}

TEST(PolicyFixture, MergesObjectsKeyByKeyAndReplacesTheRest) {
  const auto merged = [](const char* base, const char* over) {
    return manifests::CanonicalJson(Merge(ParseJson(base).value(), ParseJson(over).value()));
  };
  EXPECT_EQ(merged(R"({"a":{"b":1,"c":2},"d":[1]})", R"({"a":{"b":3},"d":[]})"),
            R"({"a":{"b":3,"c":2},"d":[]})");
  EXPECT_EQ(merged(R"({"a":{"b":1}})", R"({"a":{}})"), R"({"a":{}})");
  EXPECT_EQ(merged(R"({"a":{"b":1}})", R"({"a":2,"e":3})"), R"({"a":2,"e":3})");
}

}  // namespace
}  // namespace portolan::reconciler
