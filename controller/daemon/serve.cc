#include "controller/daemon/serve.h"

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "controller/cli/arguments.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/verbs.h"
#include "controller/daemon/daemon.h"
#include "controller/daemon/free_memory.h"
#include "controller/daemon/system_clock.h"

namespace portolan::controller {
namespace {

int Fail(ExitCode code, const std::string& message) {
  std::cerr << "portolan serve: " << message << "\n";
  return static_cast<int>(code);
}

Result<DaemonConfig> ConfigOf(const Invocation& invocation) {
  const bool file = invocation.Has("config");
  if (file == invocation.Has("repo"))
    return Error{ErrorCode::kInvalid, "give either --config FILE or --repo URL"};
  if (file) return LoadConfig(invocation.Get("config"));
  PORTOLAN_TRY(DaemonConfig config,
               ConfigForRepo(invocation.Get("repo"), invocation.Get("branch", "main"),
                             invocation.Get("path"), invocation.Get("state", "portolan-state")));
  if (invocation.Has("listen")) config.listen.control = invocation.Get("listen");
  PORTOLAN_CHECK(CheckControlAddress(config.listen));
  if (invocation.Has("socket")) config.listen.socket = invocation.Get("socket");
  if (invocation.Has("poll")) {
    PORTOLAN_TRY(config.sources.front().poll, ParseDuration(invocation.Get("poll")));
  }
  return config;
}

// Blocks the signals that end the daemon in every thread; this thread waits for them.
// Before the first thread, since threads inherit the mask: a signal then waits for sigwait, and no
// handler runs in the middle of anything (pthread_sigmask(3)). SIGPIPE: a peer that left is an
// error of a write.
sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

}  // namespace

int RunServe(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "serve");
  const VerbSpec serve = ServeVerb();
  const auto invocation = ParseArguments(std::span(&serve, 1), words);
  if (!invocation.ok()) return Fail(ExitCode::kUsage, invocation.error().message);
  const auto config = ConfigOf(*invocation);
  if (!config.ok()) return Fail(ExitCode::kInputOutput, config.error().message);
  const sigset_t signals = BlockEndSignals();
  ReturnLargeBlocksAtOnce();
  const SystemClock clock;
  auto daemon = Daemon::Start(*config, clock);
  if (!daemon.ok()) return Fail(ExitCode::kInputOutput, daemon.error().message);
  for (const std::string& address : (*daemon)->addresses())
    std::cout << "listening on " << address << std::endl;
  int received = 0;
  sigwait(&signals, &received);
  if (!(*daemon)->Stop()) {
    std::cerr << "portolan serve: a source is still busy; ending without it\n";
    // No destructors: they would join the thread that does not end. The store needs none of them,
    // as after a kill.
    std::_Exit(0);
  }
  return 0;
}

}  // namespace portolan::controller
