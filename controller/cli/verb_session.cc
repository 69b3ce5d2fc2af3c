#include "controller/cli/verb_session.h"

#include <istream>
#include <ostream>

#include "mapcore/base/digest.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr Duration kRequestTimeout = std::chrono::seconds(10);
constexpr Duration kSyncTimeout =
    std::chrono::minutes(2);  // of a look at a remote over the network

// Verbs that print documents in formats of their own, and check -o themselves.
bool PrintsDocuments(std::string_view verb) {
  return verb == "validate" || verb == "plan" || verb == "diff" || verb == "policy test" ||
         verb == "policy lint";
}

// --timeout bounds the whole wait of a verb that waits, else the request.
Duration RequestDeadline(const Invocation& call, std::optional<Duration> timeout) {
  const std::string_view verb = call.verb->name;
  if (call.Has("wait") || call.Has("watch") || verb == "wait") return kRequestTimeout;
  // The daemon fetches, or reads the files of many commits.
  const bool long_one = verb == "sync" || verb == "policy diff" || verb == "audit export";
  return timeout.value_or(long_one ? kSyncTimeout : kRequestTimeout);
}

// What to do about a failure of this kind; empty when the sentence says it all.
std::string HintOf(ErrorCode code, const std::string& server) {
  switch (code) {
    case ErrorCode::kUnavailable:
      return "asked " + server + "; --server or $PORTOLAN_SERVER names another daemon";
    case ErrorCode::kUnauthenticated:
      return "give a token with --token-file FILE or $PORTOLAN_TOKEN";
    case ErrorCode::kTimeout:
      return "--timeout sets how long to wait";
    default:
      return "";
  }
}

// Some errors are a list, a line each; nothing else may break a line.
std::string PrintableLines(std::string_view text) {
  std::string lines;
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find('\n');
    lines += reconciler::Printable(text.substr(0, end));
    if (end == std::string_view::npos) break;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

void PrintFailure(const CliEnvironment& env, const Failure& failure, bool json) {
  *env.err << "portolan: " << PrintableLines(failure.message) << '\n';
  if (!failure.hint.empty()) *env.err << "hint: " << reconciler::Printable(failure.hint) << '\n';
  if (!json) return;
  Value error(Value::Object{});
  error.Set("code", failure.code);
  error.Set("reason", failure.reason);
  error.Set("message", failure.message);
  error.Set("hint", failure.hint);
  *env.out << manifests::WriteJson(Value::Object{{"error", std::move(error)}}) << '\n';
}

Result<VerbSession> VerbSession::Make(const CliEnvironment& env, const Invocation& call) {
  VerbSession session(env, call);
  const std::string output = call.Get("output");
  if (!PrintsDocuments(call.verb->name)) {
    PORTOLAN_TRY(session.format_, ParseOutputFormat(output));
  } else if (output == "json") {
    session.format_ = OutputFormat::kJson;
  }
  if (call.Has("timeout")) {
    const auto timeout = ParseDuration(call.Get("timeout"));
    if (!timeout.ok()) return Error{ErrorCode::kInvalid, "--timeout: " + timeout.error().message};
    session.timeout_ = *timeout;
  }
  return session;
}

bool VerbSession::colour() const {
  if (!env_->out_is_tty || call_->Has("no-color")) return false;
  const auto no_color = env_->getenv("NO_COLOR");
  return (!no_color || no_color->empty()) && env_->getenv("TERM").value_or("") != "dumb";
}

Result<DaemonClient*> VerbSession::Connect() {
  if (!daemon_) {
    const std::string server = ResolveServer(*env_, call_->Get("server"));
    PORTOLAN_TRY(std::string token,
                 ResolveToken(*env_, call_->Get("token"), call_->Get("token-file")));
    PORTOLAN_TRY(auto transport, env_->connect({server, std::move(token)}));
    daemon_.emplace(std::move(transport), server, RequestDeadline(*call_, timeout_));
  }
  return &*daemon_;
}

Result<Value> VerbSession::Get(const std::string& target) {
  PORTOLAN_TRY(DaemonClient * daemon, Connect());
  return daemon->Get(target);
}

Result<Value> VerbSession::Post(const std::string& target, const Value& body) {
  PORTOLAN_TRY(DaemonClient * daemon, Connect());
  return daemon->Post(target, body);
}

const std::string& VerbSession::RequestId() {
  if (request_id_.empty()) request_id_ = call_->Get("request-id");
  if (request_id_.empty()) {
    std::string bytes;
    for (int word = 0; word < 2; ++word) {
      std::uint64_t random = env_->random();
      for (int i = 0; i < 8; ++i, random >>= 8) bytes += static_cast<char>(random & 0xFF);
    }
    request_id_ = ToHex(bytes);
  }
  return request_id_;
}

Result<bool> VerbSession::Confirm(const std::string& question) {
  if (call_->Has("yes")) return true;
  if (!env_->in_is_tty)
    return Error{ErrorCode::kInvalid,
                 question + " There is no terminal to ask on: repeat with --yes"};
  *env_->err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(*env_->in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

void VerbSession::PrintValue(const Value& value) const {
  *env_->out << manifests::WriteJson(value, format_ == OutputFormat::kJsonLines ? 0 : 2) << '\n';
}

void VerbSession::Progress(std::string_view line) const {
  if (!call_->Has("quiet")) *env_->err << reconciler::Printable(line) << std::endl;
}

void VerbSession::Hint(std::string_view line) const {
  if (!call_->Has("quiet")) *env_->err << "hint: " << reconciler::Printable(line) << '\n';
}

ExitCode VerbSession::Fail(const Error& error) const {
  const std::string server =
      daemon_ ? daemon_->server() : ResolveServer(*env_, call_->Get("server"));
  return FailAs(ExitCodeOf(error.code), error, HintOf(error.code, server));
}

ExitCode VerbSession::FailAs(ExitCode exit, const Error& error, std::string hint) const {
  PrintFailure(*env_,
               {exit, std::string(ErrorCodeName(error.code)), std::string(ReasonOf(error.code)),
                error.message, std::move(hint)},
               json());
  return exit;
}

ExitCode VerbSession::FailUsage(const std::string& message) const {
  PrintFailure(*env_,
               {ExitCode::kUsage, "invalid", "Usage", message,
                "portolan help " + std::string(call_->verb->name)},
               json());
  return ExitCode::kUsage;
}

Result<std::string> FindPlan(VerbSession& session, const std::string& text) {
  std::string prefix = text.starts_with("sha256:") ? text : "sha256:" + text;
  if (Digest::Parse(prefix).ok()) return prefix;
  PORTOLAN_TRY(const manifests::Value maps, session.Get("/v1/maps"));
  PORTOLAN_TRY(const manifests::Value sources, session.Get("/v1/sources"));
  std::vector<std::string> plans;
  for (const manifests::Value& map : ItemsOf(maps, "maps")) plans.push_back(TextAt(map, {"plan"}));
  for (const manifests::Value& source : ItemsOf(sources, "sources"))
    plans.push_back(TextAt(source, {"policies", "pending", "plan"}));
  std::string found;
  for (const std::string& plan : plans) {
    if (prefix.size() < 7 + 8 || !plan.starts_with(prefix) || plan == found) continue;
    if (!found.empty())
      return Error{ErrorCode::kInvalid,
                   "\"" + text + "\" begins more than one plan; give more digits"};
    found = plan;
  }
  if (found.empty())
    return Error{ErrorCode::kNotFound,
                 "nothing has a plan that begins with \"" + text +
                     "\" (8 digits or more); portolan status -o wide shows the plans"};
  return found;
}

}  // namespace portolan::controller
