#include "controller/store/batch_check.h"

#include <string>

#include "manifests/utf8.h"

namespace portolan::controller {
namespace {

Status CheckKey(const std::string& key) {
  if (key.empty()) return Error{ErrorCode::kInvalid, "a record needs a key, found an empty one"};
  if (key.size() > kRecordKeyBytesMax) {
    return Error{ErrorCode::kInvalid, "a record's key may have " +
                                          std::to_string(kRecordKeyBytesMax) + " bytes, found " +
                                          std::to_string(key.size())};
  }
  if (key.find('\0') != std::string::npos || manifests::FindInvalidUtf8(key) != std::string::npos)
    return Error{ErrorCode::kInvalid, "a record's key must be UTF-8 without NUL"};
  return {};
}

std::string Described(std::uint64_t version) {
  return version == 0 ? "absent" : "at version " + std::to_string(version);
}

}  // namespace

Status CheckBatch(const reconciler::Batch& batch) {
  if (batch.puts.size() + batch.deletes.size() + batch.events.size() > kBatchWritesMax)
    return Error{ErrorCode::kInvalid,
                 "a batch may hold " + std::to_string(kBatchWritesMax) + " writes"};
  for (const auto& put : batch.puts) {
    PORTOLAN_CHECK(CheckKey(put.key));
    if (put.body.size() > kRecordBytesMax) {
      return Error{ErrorCode::kInvalid,
                   "record \"" + put.key + "\": " + std::to_string(put.body.size()) +
                       " bytes are above the limit of " + std::to_string(kRecordBytesMax)};
    }
  }
  for (const std::string& key : batch.deletes) PORTOLAN_CHECK(CheckKey(key));
  return {};
}

Result<std::uint64_t> NextVersion(const reconciler::Batch::Put& put, std::uint64_t current) {
  if (put.expected_version && *put.expected_version != current) {
    return Error{ErrorCode::kConflict, "record \"" + put.key + "\" is " + Described(current) +
                                           ", the write expects it " +
                                           Described(*put.expected_version) + "; read it again"};
  }
  // From 1 anew after a delete: a version orders the writes of one life of a record.
  return current + 1;
}

}  // namespace portolan::controller
