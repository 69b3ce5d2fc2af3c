#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr char kFlying[] = "flying";
constexpr char kLive[] = "live";
constexpr char kLong[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: long}
spec:
  steps:
    - setWeight: 50%
    - pause: {duration: 1h}
    - setWeight: 100%
  minLookups: 10
  bake: 50ms
)";

// A file system of a few MiB in the place of the state directory; none without the rights to mount.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=16m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  void Fill() const {
    const int fd = open(Filler().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    const std::string page(4096, 'x');
    while (write(fd, page.data(), page.size()) > 0) continue;
    close(fd);
  }
  void Free() const { std::filesystem::remove(Filler()); }

 private:
  std::string Filler() const { return path_ + "/filler"; }
  std::string path_;
  bool mounted_ = false;
};

// One map in mid-rollout, one whose second version is live.
struct Versions {
  std::string flying_stable;
  std::string flying_canary;
  std::string live_first;
  std::string live_second;
};

Versions FlyOneAndPromoteAnother(Rig& rig) {
  Versions versions;
  Must(rig.workshop().Write("strategies/long.yaml", kLong));
  rig.WriteMap(kFlying, "    a: 1\n", "long");
  rig.WriteMap(kLive, "    a: 1\n");
  Must(rig.workshop().Commit("One"));
  rig.Start();
  rig.Sync();
  versions.flying_stable = TextAt(rig.AwaitPhase(kFlying, "Healthy"), "stable.digest");
  versions.live_first = TextAt(rig.AwaitPhase(kLive, "Healthy"), "stable.digest");
  rig.WriteMap(kFlying, "    a: 2\n", "long");
  rig.WriteMap(kLive, "    a: 3\n");
  rig.Commit("Two");
  versions.flying_canary = TextAt(rig.AwaitPhase(kFlying, "Stepping"), "target.digest");
  versions.live_second = TextAt(rig.Drive(kLive, "Healthy"), "stable.digest");
  EXPECT_EQ(rig.Served(kFlying, "?arm=canary"), versions.flying_canary);
  EXPECT_EQ(rig.Served(kLive), versions.live_second);
  return versions;
}

void ExpectBack(const Rig& rig, const Versions& versions) {
  EXPECT_EQ(rig.Served(kFlying, "?subject=ana"), versions.flying_stable);
  EXPECT_EQ(rig.Served(kFlying, "?arm=canary"), "not_found");
  EXPECT_EQ(rig.Served(kLive), versions.live_first);
}

bool Journalled(const Rig& rig) {
  return At(rig.Call("GET", "/v1/status").second, "daemon.journalled") == Value(true);
}

TEST(Safety, RollbackIsServedAtOnceOnAFullDiskAndStoredWhenThereIsRoom) {
  Rig rig("127.0.0.1:" + std::to_string(FreePort()));
  const SmallDisk disk(rig.state());
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a small file system";
  const Versions versions = FlyOneAndPromoteAnother(rig);
  disk.Fill();
  const auto [abort_code, aborted] = rig.Verb(kFlying, "abort");
  EXPECT_EQ(abort_code, 507) << WriteJson(aborted);
  EXPECT_EQ(At(aborted, "served"), Value(true));
  const auto [code, rolled_back] = rig.Verb(kLive, "rollback");
  EXPECT_EQ(code, 507) << WriteJson(rolled_back);
  EXPECT_EQ(At(rolled_back, "served"), Value(true));
  ExpectBack(rig, versions);
  EXPECT_EQ(rig.Call("GET", "/readyz").first, 503);
  rig.AwaitPhase(kFlying, "RolledBack");
  const auto [pause_code, paused] = rig.Verb(kFlying, "pause");
  EXPECT_EQ(pause_code, 507) << "what is no step to safety is refused: " << WriteJson(paused);
  EXPECT_EQ(At(paused, "served"), Value());

  disk.Free();
  rig.Await(kLive, [&](const Value&) { return Journalled(rig); });
  rig.Kill();
  rig.Start();
  ExpectBack(rig, versions);
  EXPECT_EQ(TextAt(rig.MapStatus(kFlying), "reason"), "Aborted");
}

TEST(Safety, RollbackWorksWithoutGit) {
  Rig rig;
  const Versions versions = FlyOneAndPromoteAnother(rig);
  std::filesystem::remove_all(rig.workshop().repository());
  EXPECT_EQ(At(rig.Sync(), "conditions").as_array().at(0).BoolOr("status", true), false);
  EXPECT_EQ(rig.Verb(kFlying, "abort").first, 200);
  const Ended rolled_back = rig.Cli({"rollback", kLive});
  EXPECT_EQ(rolled_back.exit_code, 0) << rolled_back.err;
  ExpectBack(rig, versions);
}

}  // namespace
}  // namespace portolan::e2e
