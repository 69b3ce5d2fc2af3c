#include "tests/mapcore/heap.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace portolan::mapcore {
namespace {

thread_local std::uint64_t t_calls = 0;
thread_local std::uint64_t t_granted = UINT64_MAX;
thread_local std::uint64_t t_failures = 0;
thread_local bool t_met = false;
thread_local HeapStop* t_stop = nullptr;

}  // namespace

std::uint64_t HeapCalls() {
  return t_calls;
}

HeapFault::HeapFault(std::uint64_t granted, std::uint64_t failures) {
  t_granted = granted;
  t_failures = failures;
  t_met = false;
}

HeapFault::~HeapFault() {
  t_granted = UINT64_MAX;
}

bool HeapFault::met() const {
  return t_met;
}

void HeapStop::Arm() {
  t_stop = this;
}

void* TakeFromHeap(std::size_t bytes) {
  ++t_calls;
  if (HeapStop* stop = std::exchange(t_stop, nullptr); stop != nullptr) {
    stop->there_.release();
    stop->go_.acquire();
  }
  if (t_granted == 0 && t_failures > 0) {
    --t_failures;
    t_met = true;
    return nullptr;
  }
  if (t_granted > 0 && t_granted != UINT64_MAX) --t_granted;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

}  // namespace portolan::mapcore

void* operator new(std::size_t bytes) {
  if (void* block = portolan::mapcore::TakeFromHeap(bytes)) return block;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return portolan::mapcore::TakeFromHeap(bytes);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
