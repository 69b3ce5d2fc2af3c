#include "controller/cli/wait.h"

#include <algorithm>

#include "controller/http/target.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr Duration kPollInterval = std::chrono::seconds(1);
constexpr Duration kWaitTimeout =
    std::chrono::hours(1);  // the default progressDeadline of a strategy
constexpr std::string_view kPhases[] = {"Pending",    "Healthy",  "Held",   "Shadow",
                                        "Stepping",   "Paused",   "Baking", "RollingBack",
                                        "RolledBack", "Retiring", "Locked"};

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// A daemon that restarts is away for a moment; nobody wants the wait to end for that.
bool IsTransient(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
}

ExitCode FailWait(const VerbSession& session, const std::string& map, const Value& last) {
  const std::string seen = last.is_null() ? map + ": no status was seen" : StatusLine(last);
  if (session.timeout() == Duration(0))
    return session.FailAs(ExitCode::kDifference,
                          {ErrorCode::kConflict, "the condition is not met: " + seen});
  return session.FailAs(
      ExitCode::kTimeout,
      {ErrorCode::kTimeout,
       "waited " + FormatDuration(session.timeout().value_or(kWaitTimeout)) + "; " + seen},
      "the operation goes on without us; portolan why " + map + " says what it waits for");
}

}  // namespace

WaitJudge WaitForPhase(std::vector<std::string> done, std::vector<std::string> failed) {
  return [done = std::move(done), failed = std::move(failed)](const Value& status) {
    const std::string_view phase = status.StringOr("phase", "");
    if (Contains(done, phase)) return WaitVerdict::kMet;
    return Contains(failed, phase) ? WaitVerdict::kFailed : WaitVerdict::kNotYet;
  };
}

Result<WaitJudge> ParseWaitCondition(const std::string& text) {
  if (text.starts_with("digest=") && text.size() >= 7 + 8) {
    std::string digest = text.substr(7);
    if (!digest.starts_with("sha256:")) digest = "sha256:" + digest;
    return WaitJudge([digest](const Value& status) {
      if (TextAt(status, {"stable", "digest"}).starts_with(digest)) return WaitVerdict::kMet;
      const bool over = status.StringOr("phase", "") == "RolledBack";
      return over ? WaitVerdict::kFailed : WaitVerdict::kNotYet;
    });
  }
  if (text == "synced")
    return WaitJudge([](const Value& status) {
      if (status.StringOr("sync", "") == "Synced") return WaitVerdict::kMet;
      const bool over = status.StringOr("phase", "") == "RolledBack";
      return over ? WaitVerdict::kFailed : WaitVerdict::kNotYet;
    });
  const bool exact = text.starts_with("phase=");
  const std::string phase = exact ? text.substr(6) : text;
  if (std::ranges::find(kPhases, phase) == std::end(kPhases))
    return Error{ErrorCode::kInvalid,
                 "--for takes a phase such as Healthy, phase=PHASE, digest=DIGEST (8 digits or "
                 "more) or synced; found \"" +
                     text + "\""};
  if (exact || phase == "RolledBack") return WaitForPhase({phase}, {});
  return WaitForPhase({phase}, {"RolledBack"});
}

std::string StatusLine(const Value& status) {
  std::string line(status.StringOr("map", ""));
  line += ": " + std::string(status.StringOr("phase", "Pending"));
  if (status.IntOr("step", 0) > 0)
    line += " " + std::to_string(status.IntOr("step", 0)) + "/" +
            std::to_string(status.IntOr("steps", 0)) + " at " +
            FormatWeight(status.IntOr("weight", 0));
  const std::string_view reason = status.StringOr("reason", "");
  if (!reason.empty()) line += " (" + std::string(reason) + ")";
  const std::string_view message = status.StringOr("message", "");
  if (!message.empty()) line += ": " + std::string(message);
  return line;
}

ExitCode WaitForMap(VerbSession& session, const std::string& map, const WaitJudge& judge,
                    Value& first) {
  const Duration until = session.now().mono + session.timeout().value_or(kWaitTimeout);
  std::string said;
  const auto say = [&](std::string line) {
    if (line != said) session.Progress(line);
    said = std::move(line);
  };
  bool fresh = !first.is_null();
  while (true) {
    if (!fresh) {
      auto status = session.Get("/v1/maps/" + PercentEncode(map) + "/status");
      if (!status.ok() && !IsTransient(status.error())) return session.Fail(status.error());
      fresh = status.ok();
      if (fresh)
        first = *std::move(status);
      else
        say(map + ": no answer, asking again: " + status.error().message);
    }
    if (fresh) {
      say(StatusLine(first));
      const WaitVerdict verdict = judge(first);
      if (verdict == WaitVerdict::kMet) return ExitCode::kOk;
      if (verdict == WaitVerdict::kFailed)
        return session.FailAs(ExitCode::kFailed, {ErrorCode::kConflict, StatusLine(first)},
                              "portolan why " + map + " says what happened");
    }
    fresh = false;
    if (session.now().mono >= until) return FailWait(session, map, first);
    if (!session.env().wait(std::min(kPollInterval, until - session.now().mono)))
      return session.FailAs(ExitCode::kInterrupted, {ErrorCode::kCancelled, "interrupted"});
  }
}

}  // namespace portolan::controller
