#include "tests/contracts/memory_store.h"

#include "tests/contracts/faulty_store.h"
#include "tests/contracts/state_store_contract.h"

namespace portolan::controller {
namespace {

struct Memory {
  reconciler::StateStore& store() { return memory; }
  MemoryStore memory;
};
INSTANTIATE_TYPED_TEST_SUITE_P(MemoryStore, StateStoreContract, Memory);

struct HealthyFaulty {
  reconciler::StateStore& store() { return faulty; }
  MemoryStore memory;
  FaultyStore faulty{memory};
};
INSTANTIATE_TYPED_TEST_SUITE_P(FaultyStore, StateStoreContract, HealthyFaulty);

TEST(FaultyStore, WritesFailUntilHealedWhileReadsGoOn) {
  MemoryStore memory;
  FaultyStore store(memory);
  reconciler::Batch batch;
  batch.puts.push_back({"a", "1", 0});
  const Digest blob = *store.PutBlob("blob");
  store.FailWrites({ErrorCode::kExhausted, "the disk is full"});
  EXPECT_EQ(store.Commit(batch).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(store.PutBlob("more").error().message, "the disk is full");
  EXPECT_EQ(store.Get("a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*store.GetBlob(blob), "blob");
  store.Heal();
  EXPECT_TRUE(store.Commit(batch).ok());
  EXPECT_EQ(store.Get("a")->body, "1");
}

}  // namespace
}  // namespace portolan::controller
