#pragma once

#include <cstddef>

#include "mapcore/base/result.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

constexpr std::size_t kRecordKeyBytesMax = 1024;
constexpr std::size_t kRecordBytesMax = 64u << 20;
constexpr std::size_t kBatchWritesMax = 100'000;  // puts, deletes and events together

// What every StateStore refuses before it writes anything: keys that are empty, too long or no
// clean UTF-8, bodies and batches over their limit. Errors: kInvalid naming the key.
Status CheckBatch(const reconciler::Batch& batch);

// The version that `put` writes over a record of version `current` (0: absent). Errors: kConflict
// naming the key and both versions.
Result<std::uint64_t> NextVersion(const reconciler::Batch::Put& put, std::uint64_t current);

}  // namespace portolan::controller
