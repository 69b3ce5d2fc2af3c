// A program of its own: it counts every call of operator new.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace {
std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace portolan::reconciler::cel {
namespace {

TEST(Allocations, NoneForRulesOverScalars) {
  Arena arena;
  MapEntry change[] = {{Value::String("key"), Value::String("a.b")},
                       {Value::String("new"), Value::Int(42)},
                       {Value::String("old"), Value::Double(40)},
                       {Value::String("op"), Value::String("update")}};
  TestVariables variables;
  variables.With("change", Type::Dyn(), Value::OfMap(SortedMap(change, std::size(change), arena)));
  const auto program = Compile(
      "change.op != 'update' || change.key in ['x', 'y'] || change.key.startsWith('z.') || "
      "(change.new > change.old && within(change.new, change.old, 20) && 1 / 0 == 1) || "
      "type(change.new) in [int, double]",
      variables.environment);
  ASSERT_TRUE(program.ok());
  const std::size_t before = allocations;
  bool all = true;
  for (int i = 0; i < 10'000; ++i) {
    Arena scratch;
    all = Evaluate(*program, ValueBindings(variables.values), scratch).value.AsBool() && all;
  }
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(all);
}

}  // namespace
}  // namespace portolan::reconciler::cel
