#include "manifests/json_pointer.h"

#include <charconv>

#include "manifests/diagnostic.h"

// RFC 6901. Errors tell how far the pointer came: the answer of a server is not in front of
// whoever reads them.

namespace portolan::manifests {
namespace {

Error Malformed(std::string_view text) {
  return {ErrorCode::kInvalid,
          "expected a JSON pointer such as \"/data/p95\", found " + QuoteForMessage(text)};
}

const Value* ItemAt(const Value::Array& items, std::string_view token) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return nullptr;
  std::size_t index = 0;
  const char* end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, index);
  if (error != std::errc() || stop != end || index >= items.size()) return nullptr;
  return &items[index];
}

}  // namespace

Result<JsonPointer> ParseJsonPointer(std::string_view text) {
  JsonPointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') return Malformed(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      pointer.emplace_back();
      continue;
    }
    if (text[i] != '~') {
      pointer.back() += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '0' && text[i] != '1')) return Malformed(text);
    pointer.back() += text[i] == '0' ? '~' : '/';
  }
  return pointer;
}

Result<const Value*> ResolveJsonPointer(const Value& document, const JsonPointer& pointer) {
  const Value* value = &document;
  std::string reached;
  for (const std::string& token : pointer) {
    const Value* next = value->is_array() ? ItemAt(value->as_array(), token) : value->Find(token);
    if (next == nullptr)
      return Error{ErrorCode::kNotFound, "no " + QuoteForMessage(token) + " in the " +
                                             std::string(KindName(value->kind())) + " at " +
                                             QuoteForMessage(reached)};
    reached += "/" + token;
    value = next;
  }
  return value;
}

}  // namespace portolan::manifests
