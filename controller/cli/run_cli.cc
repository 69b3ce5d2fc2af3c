#include "controller/cli/run_cli.h"

#include <ostream>

#include "controller/cli/arguments.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/help.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"

namespace portolan::controller {
namespace {

// Whether errors are wanted as JSON, judged before the command line is understood.
bool AsksForJson(const std::vector<std::string>& args) {
  for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
    if (args[i] == "-o=json" || args[i] == "--output=json") return true;
    const bool output = args[i] == "-o" || args[i] == "--output";
    if (output && i + 1 < args.size() && args[i + 1] == "json") return true;
  }
  return false;
}

ExitCode FailUsage(const CliEnvironment& env, const Failure& failure, bool json) {
  PrintFailure(env, failure, json);
  return ExitCode::kUsage;
}

Failure UsageFailure(const Error& error, std::string hint) {
  return {ExitCode::kUsage, "invalid", "Usage", error.message, std::move(hint)};
}

ExitCode Run(const CliEnvironment& env, const std::vector<std::string>& args) {
  const bool json = AsksForJson(args);
  if (args.empty() || (args.size() == 1 && (args[0] == "-h" || args[0] == "--help"))) {
    (args.empty() ? *env.err : *env.out) << HelpOverview(AllVerbs());
    return args.empty() ? ExitCode::kUsage : ExitCode::kOk;
  }
  if (args.size() == 1 && args[0] == "--version") return Run(env, {"version"});
  const auto call = ParseArguments(AllVerbs(), args);
  if (!call.ok())
    return FailUsage(env, UsageFailure(call.error(), "portolan help lists the verbs"), json);
  const std::string help = "portolan help " + std::string(call->verb->name);
  if (call->Has("help")) {
    *env.out << HelpOfVerb(*call->verb);
    return ExitCode::kOk;
  }
  if (call->verb->run == nullptr)
    return FailUsage(env,
                     UsageFailure({ErrorCode::kInvalid, "this build cannot run \"" +
                                                            std::string(call->verb->name) + "\""},
                                  help),
                     json);
  auto session = VerbSession::Make(env, *call);
  if (!session.ok()) return FailUsage(env, UsageFailure(session.error(), help), json);
  return call->verb->run(*session);
}

}  // namespace

int RunCli(const CliEnvironment& env, std::vector<std::string> args) {
  const int exit = static_cast<int>(Run(env, args));
  env.out->flush();
  env.err->flush();
  return exit;
}

}  // namespace portolan::controller
