#include "controller/git/job.h"

#include "manifests/value.h"

// Both ends are the same program, so the format has no version: a worker is always of the daemon's
// build (/proc/self/exe).

namespace portolan::controller {
namespace {

using manifests::Value;

// The worker reads what a remote answers, so its own lines are read like a stranger's: flat and
// short.
constexpr manifests::JsonLimits kLimits{4, kLineMax};

std::string Line(const Value& value) {
  return manifests::WriteJson(value) + "\n";
}

// kInternal is no code of a reply: it stands for one that could not be read.
ErrorCode CodeOfName(std::string_view name) {
  for (int i = 0; i < static_cast<int>(ErrorCode::kInternal); ++i) {
    if (ErrorCodeName(static_cast<ErrorCode>(i)) == name) return static_cast<ErrorCode>(i);
  }
  return ErrorCode::kInternal;
}

}  // namespace

std::string EncodeJob(const FetchJob& job) {
  Value out;
  out.Set("op", job.kind == FetchJob::Kind::kFetch ? "fetch" : "rebuild");
  out.Set("mirror", job.mirror);
  out.Set("url", job.url);
  out.Set("branch", job.branch);
  out.Set("ref", job.ref);
  out.Set("token", job.token);
  out.Set("caFile", job.ca_file);
  out.Set("receiveMax", static_cast<std::int64_t>(job.receive_max));
  out.Set("deadlineMs", static_cast<std::int64_t>(job.deadline.count()));
  return Line(out);
}

Result<FetchJob> DecodeJob(std::string_view line) {
  PORTOLAN_TRY(const Value in, manifests::ParseJson(line, kLimits));
  const std::string_view op = in.StringOr("op", "");
  if (op != "fetch" && op != "rebuild") {
    return Error{ErrorCode::kInvalid, "expected op \"fetch\" or \"rebuild\""};
  }
  FetchJob job;
  job.kind = op == "fetch" ? FetchJob::Kind::kFetch : FetchJob::Kind::kRebuild;
  job.mirror = in.StringOr("mirror", "");
  job.url = in.StringOr("url", "");
  job.branch = in.StringOr("branch", "");
  job.ref = in.StringOr("ref", "");
  job.token = in.StringOr("token", "");
  job.ca_file = in.StringOr("caFile", "");
  job.receive_max = static_cast<std::uint64_t>(in.IntOr("receiveMax", 0));
  job.deadline = Duration(in.IntOr("deadlineMs", 0));
  if (job.mirror.empty()) return Error{ErrorCode::kInvalid, "expected the mirror's directory"};
  return job;
}

std::string EncodeReply(const Result<FetchReply>& reply) {
  Value out;
  out.Set("ok", reply.ok());
  if (!reply.ok()) {
    out.Set("code", ErrorCodeName(reply.error().code));
    out.Set("message", reply.error().message);
    return Line(out);
  }
  out.Set("tip", reply->tip);
  out.Set("fetched", reply->fetched);
  out.Set("advertised", reply->advertised);
  out.Set("packs", reply->packs);
  return Line(out);
}

Result<FetchReply> DecodeReply(std::string_view line) {
  auto parsed = manifests::ParseJson(line, kLimits);
  if (!parsed.ok() || parsed->Find("ok") == nullptr) {
    return Error{ErrorCode::kInternal, "WorkerKilled: the git worker's answer was no reply"};
  }
  const Value& in = *parsed;
  if (!in.BoolOr("ok", false)) {
    return Error{CodeOfName(in.StringOr("code", "")), std::string(in.StringOr("message", ""))};
  }
  FetchReply reply;
  reply.tip = in.StringOr("tip", "");
  reply.fetched = in.BoolOr("fetched", false);
  reply.advertised = in.IntOr("advertised", 0);
  reply.packs = in.IntOr("packs", 0);
  return reply;
}

}  // namespace portolan::controller
