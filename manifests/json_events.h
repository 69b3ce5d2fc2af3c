#pragma once

#include <optional>
#include <string>

#include "manifests/diagnostic.h"
#include "manifests/text_source.h"
#include "manifests/value.h"

namespace portolan::manifests {

// A string, number, boolean or null. `text` is what the source says, of strings nothing.
struct JsonScalar {
  Value value;
  std::string text;
};

// Receives the parts of a JSON text in order. Returning false ends the scan.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual bool OnScalar(JsonScalar scalar, Position position) = 0;
  virtual bool OnKey(std::string key, Position position) = 0;
  virtual bool OnStart(Value::Kind kind, Position position) = 0;  // kArray or kObject
  virtual bool OnEnd() = 0;
};

// Scans one JSON text strictly (RFC 8259) with nlohmann's lexer; the source must have passed
// TextSource::Check. Returns what is wrong with the text, with its place: a syntax error, more than
// `depth_max` open containers, an integer outside int64, a number beyond the doubles. Duplicate
// keys are the receiver's to find. O(bytes), recursion free.
std::optional<Diagnostic> ScanJson(TextSource& source, int depth_max, JsonEvents& events);

}  // namespace portolan::manifests
