#include "controller/store/batch_check.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(CheckBatch, RefusesABatchWithTooManyWrites) {
  reconciler::Batch batch;
  batch.deletes.assign(kBatchWritesMax, "key");
  EXPECT_TRUE(CheckBatch(batch).ok());
  batch.puts.push_back({"one-more", "1", {}});
  EXPECT_EQ(CheckBatch(batch).error().code, ErrorCode::kInvalid);
}

TEST(CheckBatch, RefusesABodyOverTheLimitByItsKey) {
  reconciler::Batch batch;
  batch.puts.push_back({"plan/big", std::string(kRecordBytesMax + 1, ' '), {}});
  const Status status = CheckBatch(batch);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("plan/big"), std::string::npos);
}

TEST(CheckBatch, RefusesKeysOfDeletesToo) {
  reconciler::Batch batch;
  batch.deletes = {std::string("a\0b", 3)};
  EXPECT_EQ(CheckBatch(batch).error().code, ErrorCode::kInvalid);
}

TEST(NextVersion, IsOneMoreUnlessTheExpectationFails) {
  EXPECT_EQ(*NextVersion({"k", "1", {}}, 0), 1u);
  EXPECT_EQ(*NextVersion({"k", "1", {}}, 41), 42u);
  EXPECT_EQ(*NextVersion({"k", "1", 41}, 41), 42u);
  EXPECT_EQ(NextVersion({"k", "1", 0}, 3).error().message,
            "record \"k\" is at version 3, the write expects it absent; read it again");
}

}  // namespace
}  // namespace portolan::controller
