#include "reconciler/rollout/writers.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

using manifests::Value;

TEST(Writers, TakeInEachNameOnce) {
  Writers writers{{"Ann <a@x>"}, {}};
  writers.Add({{"Bob <b@x>", "Ann <a@x>"}, {"a@x", "a@x"}});
  EXPECT_EQ(writers, (Writers{{"Ann <a@x>", "Bob <b@x>"}, {"a@x"}}));
}

TEST(Writers, AreTheSameAfterTheirRecordWasRead) {
  for (const Writers& writers :
       {Writers{{"Ann <a@x>"}, {"a@x"}}, Writers{{"Ann <a@x>", "Bob <b@x>"}, {}}}) {
    Value value = Value::Object{};
    WriteWriters(writers, value);
    EXPECT_EQ(value.Find("signers") != nullptr, !writers.signers.empty());
    EXPECT_EQ(WritersFrom(value), writers);
  }
  EXPECT_TRUE(WritersFrom(Value::Object{}).empty());
}

}  // namespace
}  // namespace portolan::reconciler
