// What survives when a process that writes is killed, and when its disk is full.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <random>

#include "controller/store/sqlite_store.h"
#include "mapcore/base/random.h"
#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

reconciler::Batch NextBatch(std::uint64_t n) {
  reconciler::Batch batch;
  batch.sync = n % 3 != 0;
  batch.puts.push_back({"counter", std::to_string(n), {}});
  batch.events.emplace_back();
  batch.events[0].reason = "Wrote";
  batch.events[0].message = std::string(300, 'm');
  return batch;
}

// Writes until it is killed; each sequence goes into the pipe once Commit has acknowledged it.
[[noreturn]] void WriteForever(const std::string& state, int acknowledged) {
  const auto store = OpenSqliteStore(state);
  if (!store.ok()) ::_exit(2);
  for (std::uint64_t n = (*store)->Commit({}).value().sequence + 1;; ++n) {
    const auto commit = (*store)->Commit(NextBatch(n));
    if (!commit.ok() || !(*store)->PutBlob("blob " + std::to_string(n)).ok()) ::_exit(3);
    if (::write(acknowledged, &commit->sequence, sizeof commit->sequence) < 0) ::_exit(4);
  }
}

// The last acknowledged sequence of a writer that is killed after `count` acknowledgements and
// `extra_us` more.
std::uint64_t RunAndKill(const std::string& state, std::uint64_t count, std::uint64_t extra_us) {
  int ends[2];
  if (::pipe(ends) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    WriteForever(state, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t sequence = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (::read(ends[0], &sequence, sizeof sequence) != sizeof sequence) break;
    last = sequence;
  }
  // Not a wait for something to happen: it spreads the kill over the writer's system calls.
  const timespec spread{0, static_cast<long>(extra_us * 1000)};
  ::ppoll(nullptr, 0, &spread, nullptr);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
  while (::read(ends[0], &sequence, sizeof sequence) == sizeof sequence) last = sequence;
  ::close(ends[0]);
  return last;
}

TEST(Crash, NothingAcknowledgedIsLostWhenTheWriterIsKilled) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  const TemporaryDirectory directory;
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t acknowledged =
        RunAndKill(directory.path(), 1 + random.Below(20), random.Below(3000));
    const auto store = OpenSqliteStore(directory.path());
    ASSERT_TRUE(store.ok()) << store.error().message;
    const auto head = (*store)->VerifyChain();
    ASSERT_TRUE(head.ok()) << head.error().message;
    EXPECT_GT(acknowledged, 0u);
    EXPECT_GE(head->sequence, acknowledged);
    EXPECT_EQ((*store)->Get("counter")->body, std::to_string(head->sequence));
    EXPECT_TRUE((*store)->GetBlob(Sha256Of("blob " + std::to_string(acknowledged))).ok());
  }
}

// From now on every fsync and fdatasync of this process fails with EIO. False where the kernel
// refuses.
bool BreakSync() {
  constexpr std::uint32_t kEio = SECCOMP_RET_ERRNO | EIO;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsync, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kEio),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Exit codes of the child of the test below: 0 as expected, 77 cannot be tested here, else the
// check that failed.
int CommitOnABrokenDisk(const std::string& state) {
  const auto store = OpenSqliteStore(state).value();
  if (!store->Commit(NextBatch(1)).ok()) return 1;
  if (!BreakSync()) return 77;
  const auto failed = store->Commit(NextBatch(4));
  if (failed.ok() || failed.error().code != ErrorCode::kUnavailable) return 2;
  reconciler::Batch without_sync = NextBatch(3);
  const auto after = store->Commit(without_sync);
  if (after.ok() ||
      after.error().message.find("failed to make the database durable") == std::string::npos)
    return 3;
  if (store->PutBlob("blob").ok()) return 4;
  return store->Get("counter")->body == "1" ? 0 : 5;
}

TEST(Crash, AfterAFailedSyncNothingIsWrittenUntilARestart) {
  const TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(CommitOnABrokenDisk(directory.path()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "seccomp is not available";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const auto store = OpenSqliteStore(directory.path()).value();
  EXPECT_TRUE(store->VerifyChain().ok());
  EXPECT_TRUE(store->Commit(NextBatch(1)).ok());
}

// A small file system of its own, for root only.
class SmallDisk {
 public:
  SmallDisk() {
    mounted_ = ::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=600k,mode=700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  TemporaryDirectory directory_;
  bool mounted_ = false;
};

TEST(Crash, AFullDiskIsExhaustedKeepsWhatWasWrittenAndPasses) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs rights";
  const std::string ballast = disk.directory().Write("ballast", std::string(100'000, 'b'));
  const auto store = OpenSqliteStore(disk.directory().path()).value();
  std::uint64_t written = 0;
  Result<reconciler::CommitResult> commit = reconciler::CommitResult{};
  while ((commit = store->Commit(NextBatch(written + 1))).ok() && written < 10'000) ++written;
  ASSERT_FALSE(commit.ok());
  EXPECT_EQ(commit.error().code, ErrorCode::kExhausted) << commit.error().message;
  EXPECT_NE(commit.error().message.find("full"), std::string::npos);
  EXPECT_GT(written, 10u);
  const auto blob = store->PutBlob(std::string(1'000'000, 'x'));
  ASSERT_FALSE(blob.ok());
  EXPECT_EQ(blob.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(store->VerifyChain()->sequence, written);
  EXPECT_EQ(store->Get("counter")->body, std::to_string(written));
  std::filesystem::remove(ballast);
  EXPECT_EQ(store->Commit(NextBatch(written + 1))->sequence, written + 1);
}

}  // namespace
}  // namespace portolan::controller
