#include "controller/cli/daemon_client.h"

#include <fstream>
#include <iterator>

#include "controller/cli/output.h"
#include "controller/cli/sse_reader.h"
#include "controller/http/problem.h"
#include "controller/http/target.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::string_view kSocketServer = "unix:///run/portolan.sock";
constexpr std::string_view kLoopbackServer = "http://127.0.0.1:7420";
constexpr int kAnswerDepthMax = 64;

Result<Value> ParseAnswer(const TransportResponse& response) {
  if (response.body.empty()) return Value(Value::Object{});
  return manifests::ParseJson(response.body, {kAnswerDepthMax, kAnswerBytesMax});
}

Error ErrorOfAnswer(const TransportResponse& response) {
  Error error = ErrorOfProblem(response.status, response.body);
  const auto problem = ParseAnswer(response);
  if (!problem.ok()) return error;
  std::string reasons;
  for (const Value& reason : ItemsOf(*problem, "reasons"))
    if (reason.is_string()) reasons += (reasons.empty() ? "" : "; ") + reason.as_string();
  if (!reasons.empty()) error.message = reasons;
  if (problem->BoolOr("served", false))
    error.message += "; the change is served already, but not stored: repeat the verb later";
  return error;
}

}  // namespace

std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters)
    if (!value.empty()) query += (query.empty() ? "?" : "&") + name + "=" + PercentEncode(value);
  return query;
}

Result<Value> DaemonClient::Get(const std::string& target) {
  return Call({.method = "GET", .target = target, .body = "", .headers = {}});
}

Result<Value> DaemonClient::Post(const std::string& target, const Value& body) {
  return Call(
      {.method = "POST", .target = target, .body = manifests::WriteJson(body), .headers = {}});
}

Result<Value> DaemonClient::Call(TransportRequest request) {
  request.headers.emplace_back("Accept", "application/json");
  request.deadline = deadline_;
  PORTOLAN_TRY(const TransportResponse response, transport_->Do(request));
  if (response.status < 200 || response.status > 299) return ErrorOfAnswer(response);
  auto answer = ParseAnswer(response);
  if (!answer.ok() || !answer->is_object())
    return Error{ErrorCode::kCorrupt, server_ + " answered " + request.target +
                                          " with something that is no JSON object; is it a "
                                          "Portolan daemon?"};
  return answer;
}

Status DaemonClient::Follow(const std::string& target,
                            const std::function<bool(const Value&)>& on_event) {
  SseReader reader;
  Status broken;
  const auto on_data = [&](std::string_view data) {
    const auto event = manifests::ParseJson(data);
    if (event.ok()) return on_event(*event);
    broken = Error{ErrorCode::kCorrupt,
                   server_ + " sent an event that is no JSON: " + event.error().message};
    return false;
  };
  const TransportRequest request{
      .method = "GET", .target = target, .body = "", .headers = {{"Accept", "text/event-stream"}}};
  PORTOLAN_CHECK(transport_->Stream(
      request, [&](std::string_view line) { return reader.TakeLine(line, on_data); }));
  return broken;
}

std::string ResolveServer(const CliEnvironment& env, const std::string& flag) {
  if (!flag.empty()) return flag;
  if (const auto server = env.getenv("PORTOLAN_SERVER"); server && !server->empty()) return *server;
  const std::string path(kSocketServer.substr(std::string_view("unix://").size()));
  return std::string(env.path_exists(path) ? kSocketServer : kLoopbackServer);
}

Result<std::string> ResolveToken(const CliEnvironment& env, const std::string& flag,
                                 const std::string& file) {
  if (!flag.empty()) return flag;
  if (file.empty()) return env.getenv("PORTOLAN_TOKEN").value_or("");
  std::ifstream stream(file, std::ios::binary);
  std::string token{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad())
    return Error{ErrorCode::kUnauthenticated, "cannot read the token file \"" + file + "\""};
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.empty())
    return Error{ErrorCode::kUnauthenticated, "the token file \"" + file + "\" is empty"};
  return token;
}

}  // namespace portolan::controller
