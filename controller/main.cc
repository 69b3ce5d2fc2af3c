#include <string>
#include <vector>

#include "controller/cli/process_environment.h"
#include "controller/cli/run_cli.h"
#include "controller/daemon/serve.h"
#include "controller/daemon/system_clock.h"
#include "controller/git/worker.h"
#include "controller/version.h"

int main(int argc, char** argv) {
  using namespace portolan::controller;
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const std::string verb = arguments.empty() ? "" : arguments.front();
  const bool help = arguments.size() > 1 && (arguments[1] == "-h" || arguments[1] == "--help");
  if (verb == "git-worker") return RunGitWorker(argc - 1, argv + 1);
  if (verb == "serve" && !help) return RunServe({arguments.begin() + 1, arguments.end()});
  const SystemClock clock;
  return RunCli(ProcessEnvironment(clock, kVersion), arguments);
}
