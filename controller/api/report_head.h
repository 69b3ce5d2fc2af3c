#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controller/http/message.h"
#include "manifests/value.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// How the body of every report begins: who reports, its number, which rises with each of them, and
// the items.
struct ReportHead {
  std::string instance;
  std::uint64_t batch = 0;
  const manifests::Value::Array* items = nullptr;  // of the body, at most 1,000
};
// Borrows from `body`. Errors: kInvalid naming the field.
Result<ReportHead> ReadReportHead(const manifests::Value& body);

// 429 with Retry-After, for a batch that there is no room for: nothing of it was taken, so that the
// same is to be sent again. `what`: "reports".
Response TooMuchWaits(std::string_view what);

// "FIELD: expected WHAT".
Error BadField(const std::string& field, const std::string& expected);

}  // namespace portolan::controller
