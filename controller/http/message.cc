#include "controller/http/message.h"

#include <algorithm>

namespace portolan::controller {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Fields are few, so a list in the order of the message serves better than a map.
std::string_view FindHeader(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kNone:
      return "none";
    case Scope::kRead:
      return "read";
    case Scope::kReport:
      return "report";
    case Scope::kOperate:
      return "operate";
    case Scope::kApprove:
      return "approve";
    case Scope::kSensitive:
      return "sensitive";
  }
  return "none";
}

std::string_view Request::Header(std::string_view name) const {
  return FindHeader(headers, name);
}

std::string_view Request::Param(std::string_view name) const {
  const auto found = path_params.find(std::string(name));
  return found == path_params.end() ? std::string_view() : found->second;
}

std::string_view Request::QueryOr(std::string_view name, std::string_view fallback) const {
  const auto found = query.find(std::string(name));
  return found == query.end() ? fallback : found->second;
}

std::string_view Response::Header(std::string_view name) const {
  return FindHeader(headers, name);
}

void Response::SetHeader(std::string_view name, std::string value) {
  for (auto& [key, old] : headers) {
    if (EqualsIgnoringCase(key, name)) {
      old = std::move(value);
      return;
    }
  }
  headers.emplace_back(std::string(name), std::move(value));
}

Response JsonResponse(const manifests::Value& value, int status) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = manifests::WriteJson(value) + "\n";
  return response;
}

Response TextResponse(std::string text, std::string_view content_type) {
  Response response;
  response.content_type = content_type;
  response.body = std::move(text);
  return response;
}

Response EventStreamResponse(std::function<void(StreamWriter&)> stream) {
  Response response;
  response.content_type = "text/event-stream";
  response.stream = std::move(stream);
  return response;
}

// For a browser on the operator's machine: an answer is never run, cached or told to another site.
void AddSecurityHeaders(Response& response) {
  response.SetHeader("X-Content-Type-Options", "nosniff");
  response.SetHeader("Referrer-Policy", "no-referrer");
  if (response.Header("Cache-Control").empty()) response.SetHeader("Cache-Control", "no-store");
}

}  // namespace portolan::controller
