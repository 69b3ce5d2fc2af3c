#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mapcore/base/clock.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// One request to a git worker, a line of JSON on its standard input. It carries the token, so it is
// never logged.
struct FetchJob {
  enum class Kind {
    kFetch,    // ask the remote for the branch's tip, and fetch when the mirror lacks it
    kRebuild,  // pack what the mirror's refs reach into a fresh mirror, and swap the two
  };

  Kind kind = Kind::kFetch;
  std::string mirror;             // directory of the bare mirror; made when absent
  std::string url;                // kFetch only, like all that follow
  std::string branch;             // without refs/heads/
  std::string ref;                // where the mirror keeps the tip, "refs/portolan/src/edge"
  std::string token;              // password for https; may be empty
  std::string ca_file;            // PEM, the only authorities trusted then; empty: the system's
  std::uint64_t receive_max = 0;  // bytes of pack that one fetch may receive
  Duration deadline{};  // the worker ends itself some time after it, should its client be gone
};

// The worker's answer, a line of JSON on its standard output.
struct FetchReply {
  std::string tip;              // 40 hex digits; empty after kRebuild
  bool fetched = false;         // objects were transferred
  std::int64_t advertised = 0;  // refs that the remote listed: the price of each poll
  std::int64_t packs = 0;       // pack files of the mirror now
};

// The longest line either side accepts.
constexpr std::size_t kLineMax = 64u << 10;

// Both encoders write one line with its '\n'. A failed job travels as its Error, which DecodeReply
// returns. What no encoder here writes is kInvalid as a job and kInternal "WorkerKilled: …" as a
// reply.
std::string EncodeJob(const FetchJob& job);
Result<FetchJob> DecodeJob(std::string_view line);
std::string EncodeReply(const Result<FetchReply>& reply);
Result<FetchReply> DecodeReply(std::string_view line);

}  // namespace portolan::controller
