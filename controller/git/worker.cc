#include "controller/git/worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controller/git/exchange.h"
#include "controller/git/job.h"
#include "controller/git/libgit.h"

namespace portolan::controller {
namespace {

constexpr rlim_t kFileBytesMax = 2ull << 30;
constexpr rlim_t kDescriptorsMax = 256;
constexpr unsigned kOrphanSeconds =
    10;  // that a worker outlives its deadline when nobody killed it
constexpr int kExitBadInput = 2;

// 300 MB in one blob ends within 512 MiB in an orderly error, and 200,000 files are fetched within
// 1 GiB (measured). The sanitizers reserve terabytes of address space.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr rlim_t kAddressSpaceMax = 1ull << 30;
#else
constexpr rlim_t kAddressSpaceMax = RLIM_INFINITY;
#endif

void Limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit limit{value, value};
  setrlimit(resource, &limit);
}

void Confine() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  Limit(RLIMIT_AS, kAddressSpaceMax);
  Limit(RLIMIT_FSIZE, kFileBytesMax);
  Limit(RLIMIT_NOFILE, kDescriptorsMax);
  Limit(RLIMIT_CORE, 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // so that a write past RLIMIT_FSIZE fails and can be reported
  const char* home = std::getenv("HOME");
  if (home == nullptr) return;
  // Not the home itself, whose .gitconfig is nobody's to read. Before a source's first fetch the
  // directory of the mirrors is not there either.
  const std::string settings = std::string(home) + "/pack-settings";
  std::error_code ignored;
  std::filesystem::create_directories(settings, ignored);
  chmod(home, 0700);
  // Without the file a fetch of large files is slow, and still right: a full disk is no reason to
  // stop.
  static_cast<void>(KeepLargeFilesWhole(settings));
}

// Lines of standard input, at most kLineMax long.
class LineReader {
 public:
  // Nothing at the end of input and after a line that is too long.
  std::optional<std::string> Next() {
    std::size_t end = 0;
    while ((end = buffer_.find('\n')) == std::string::npos) {
      char chunk[4096];
      const ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0 || buffer_.size() > kLineMax) return std::nullopt;
      buffer_.append(chunk, static_cast<std::size_t>(n));
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }

 private:
  std::string buffer_;
};

bool WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Result<FetchReply> Serve(const FetchJob& job, std::unique_ptr<MirrorWriter>& writer) {
  if (!writer) {
    PORTOLAN_TRY(writer, MirrorWriter::Open(job.mirror));
  }
  return job.kind == FetchJob::Kind::kFetch ? writer->Fetch(job) : writer->Rebuild();
}

}  // namespace

int RunGitWorker(int, char**) {
  Confine();
  LineReader input;
  std::unique_ptr<MirrorWriter> writer;
  while (const auto line = input.Next()) {
    const auto job = DecodeJob(*line);
    if (!job.ok()) {
      WriteAll(EncodeReply(job.error()));
      return kExitBadInput;
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(job->deadline).count();
    alarm(static_cast<unsigned>(seconds) + kOrphanSeconds);
    const auto reply = Serve(*job, writer);
    alarm(0);
    if (!WriteAll(EncodeReply(reply))) return 0;
  }
  return 0;
}

}  // namespace portolan::controller
