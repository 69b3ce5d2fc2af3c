#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::manifests {

// Reads the members of a stored JSON object into variables: an absent member leaves its variable as
// it is, one of the wrong kind makes status() kCorrupt. Unknown members are left alone, so that an
// older reader survives a newer writer.
class RecordReader {
 public:
  RecordReader(const Value& value, std::string_view what);

  void Read(std::string_view key, std::string& target);
  void Read(std::string_view key, std::int64_t& target);
  void Read(std::string_view key, double& target);
  void Read(std::string_view key, bool& target);
  void Read(std::string_view key, Duration& target);  // milliseconds
  // The member's items; none when it is absent. Borrowed from the value.
  const Value::Array& Items(std::string_view key);
  // The member's position in `names`, stored by name.
  template <typename Enum, typename Names>
  void ReadEnum(std::string_view key, const Names& names, Enum& target) {
    std::string name;
    Read(key, name);
    if (name.empty()) return;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != name) continue;
      target = static_cast<Enum>(i);
      return;
    }
    Fail(key);
  }
  // Says that the member is not what was written.
  void Fail(std::string_view key);

  const Status& status() const { return status_; }

 private:
  const Value& value_;
  std::string_view what_;
  Status status_;
};

}  // namespace portolan::manifests
