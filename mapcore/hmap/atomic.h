#pragma once

// Words that one writer changes while readers look. Plain moves on x86; what keeps the access
// defined, and ThreadSanitizer quiet, is that every access to such a word goes through here.

namespace portolan::mapcore::hmap {

template <typename T>
T Load(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}

template <typename T>
T LoadRelaxed(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

template <typename T>
void Store(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

template <typename T>
void StoreRelaxed(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}

}  // namespace portolan::mapcore::hmap
