#include "manifests/record.h"

namespace portolan::manifests {

RecordReader::RecordReader(const Value& value, std::string_view what) : value_(value), what_(what) {
  if (!value.is_object())
    status_ = Error{ErrorCode::kCorrupt, "the record of a " + std::string(what) + " is no object"};
}

// The first one is told: later ones follow from it, or are met after it is mended.
void RecordReader::Fail(std::string_view key) {
  if (!status_.ok()) return;
  status_ = Error{ErrorCode::kCorrupt, "the record of a " + std::string(what_) +
                                           " has an unusable \"" + std::string(key) + "\""};
}

void RecordReader::Read(std::string_view key, std::string& target) {
  const Value* member = value_.Find(key);
  if (member == nullptr) return;
  if (member->is_string()) {
    target = member->as_string();
  } else {
    Fail(key);
  }
}

void RecordReader::Read(std::string_view key, std::int64_t& target) {
  const Value* member = value_.Find(key);
  if (member == nullptr) return;
  if (member->is_int()) {
    target = member->as_int();
  } else {
    Fail(key);
  }
}

void RecordReader::Read(std::string_view key, double& target) {
  const Value* member = value_.Find(key);
  if (member == nullptr) return;
  if (member->is_number()) {
    target = member->as_double();
  } else {
    Fail(key);
  }
}

void RecordReader::Read(std::string_view key, bool& target) {
  const Value* member = value_.Find(key);
  if (member == nullptr) return;
  if (member->is_bool()) {
    target = member->as_bool();
  } else {
    Fail(key);
  }
}

void RecordReader::Read(std::string_view key, Duration& target) {
  std::int64_t milliseconds = target.count();
  Read(key, milliseconds);
  target = Duration(milliseconds);
}

const Value::Array& RecordReader::Items(std::string_view key) {
  static const Value::Array kNone;
  const Value* member = value_.Find(key);
  if (member == nullptr) return kNone;
  if (member->is_array()) return member->as_array();
  Fail(key);
  return kNone;
}

}  // namespace portolan::manifests
