#pragma once

// Words that one writer changes while readers look. Plain moves on x86; what keeps the access
// defined, and ThreadSanitizer quiet, is that every access to such a word goes through here.

// A build for tests (tests/mapcore/steps) is told of every access: it holds threads up between any
// two of them, and shows a reader every value that the memory model allows. The macro names the
// header that it is told through. Nothing in other builds.
#if defined(PORTOLAN_MAPCORE_STEPS)
#include PORTOLAN_MAPCORE_STEPS
#define PORTOLAN_MAPCORE_STEP(call) ::portolan::mapcore::steps::call
#else
#define PORTOLAN_MAPCORE_STEP(call) static_cast<void>(0)
#endif

namespace portolan::mapcore::hmap {

template <typename T>
T Load(const T& word) {
  T value = __atomic_load_n(&word, __ATOMIC_ACQUIRE);
  PORTOLAN_MAPCORE_STEP(Loaded(word, value, true));
  return value;
}

template <typename T>
T LoadRelaxed(const T& word) {
  T value = __atomic_load_n(&word, __ATOMIC_RELAXED);
  PORTOLAN_MAPCORE_STEP(Loaded(word, value, false));
  return value;
}

template <typename T>
void Store(T& word, T value) {
  PORTOLAN_MAPCORE_STEP(Storing(word, value, true));
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

template <typename T>
void StoreRelaxed(T& word, T value) {
  PORTOLAN_MAPCORE_STEP(Storing(word, value, false));
  __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}

}  // namespace portolan::mapcore::hmap
