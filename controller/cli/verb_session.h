#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/cli/arguments.h"
#include "controller/cli/daemon_client.h"
#include "controller/cli/environment.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/output.h"
#include "manifests/value.h"

namespace portolan::controller {

// A failure as the command line shows it: a sentence on stderr and, with -o json, as JSON on
// stdout.
struct Failure {
  ExitCode exit = ExitCode::kFailed;
  std::string code;     // ErrorCodeName
  std::string reason;   // CamelCase
  std::string message;  // one sentence
  std::string hint;     // what to do, or empty
};
void PrintFailure(const CliEnvironment& env, const Failure& failure, bool json);

// One run of one verb: its command line, the daemon it talks to (connected when first asked), and
// the two ways to say something. One thread's own; `env` and `call` outlive it.
class VerbSession {
 public:
  // Errors: kInvalid for a bad --output or --timeout.
  static Result<VerbSession> Make(const CliEnvironment& env, const Invocation& call);

  const CliEnvironment& env() const { return *env_; }
  const Invocation& call() const { return *call_; }
  OutputFormat format() const { return format_; }
  bool json() const {
    return format_ == OutputFormat::kJson || format_ == OutputFormat::kJsonLines;
  }
  bool wide() const { return format_ == OutputFormat::kWide; }
  bool colour() const;
  std::optional<Duration> timeout() const { return timeout_; }
  Now now() const { return env_->clock->now(); }
  std::ostream& out() const { return *env_->out; }

  Result<manifests::Value> Get(const std::string& target);
  Result<manifests::Value> Post(const std::string& target, const manifests::Value& body);
  Result<DaemonClient*> Connect();
  // --request-id, or a random one that stays the same for this run.
  const std::string& RequestId();
  // True with --yes; else asks on a terminal. Without a terminal: kInvalid that asks for --yes.
  Result<bool> Confirm(const std::string& question);

  void PrintValue(const manifests::Value& value) const;  // indented, or one line with -o jsonl
  void Print(const TextTable& table) const { table.Print(*env_->out, colour()); }
  void Progress(std::string_view line) const;  // stderr, not with --quiet
  void Hint(std::string_view line) const;

  // Reports the failure and returns its exit code: the table's, or the one given.
  ExitCode Fail(const Error& error) const;
  ExitCode FailAs(ExitCode exit, const Error& error, std::string hint = "") const;
  ExitCode FailUsage(const std::string& message) const;

 private:
  VerbSession(const CliEnvironment& env, const Invocation& call) : env_(&env), call_(&call) {}

  const CliEnvironment* env_;
  const Invocation* call_;
  OutputFormat format_ = OutputFormat::kTable;
  std::optional<Duration> timeout_;
  std::optional<DaemonClient> daemon_;
  std::string request_id_;
};

// A plan's full digest from the beginning of one: of the plans that maps and policies wait for now.
// Errors: kNotFound, kInvalid when it begins several, and the daemon's own.
Result<std::string> FindPlan(VerbSession& session, const std::string& text);

}  // namespace portolan::controller
