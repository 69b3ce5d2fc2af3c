#include "controller/git/git_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/git/test_repository.h"
#include "tests/controller/git/test_sockets.h"
#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;
using reconciler::BranchMove;
using reconciler::FetchResult;

class GitSourceTest : public ::testing::Test {
 protected:
  GitSourceOptions Options() const {
    GitSourceOptions options;
    options.name = "edge";
    options.url = remote_.dir();
    options.branch = "main";
    options.path = "maps/";
    options.mirror_dir = Mirror();
    options.worker_executable = PORTOLAN_GIT_WORKER;
    return options;
  }

  std::string Mirror() const { return directory_.Path("state/edge.git"); }

  TestDirectory directory_;
  TestRepository remote_{directory_.Path("remote")};
};

std::string ReasonOf(const Error& error) {
  return error.message.substr(0, error.message.find(": "));
}

TEST_F(GitSourceTest, ReadsTheWatchedPathOfACommit) {
  remote_.Write("README.md", "outside");
  remote_.Write("maps/b/deep.yaml", "two");
  const std::string commit = remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  const auto fetched = source->Fetch("");
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->move, BranchMove::kFirst);
  EXPECT_EQ(fetched->commit, commit);
  EXPECT_EQ(fetched->tree, remote_.Git("rev-parse HEAD:maps"));

  const auto artifact = source->Open(commit);
  ASSERT_TRUE(artifact.ok()) << artifact.error().message;
  EXPECT_EQ(artifact->revision.branch, "main");
  EXPECT_EQ(artifact->revision.commit, commit);
  EXPECT_EQ(artifact->revision.author, "Ada <ada@example.com>");
  EXPECT_EQ(artifact->revision.subject, "Change the limits");
  EXPECT_EQ(FormatTime(artifact->revision.time), "2023-11-14T22:13:20.000Z");
  ASSERT_EQ(artifact->files.size(), 2u);
  EXPECT_EQ(artifact->files[0].path, "a.yaml");
  EXPECT_EQ(artifact->files[0].oid, remote_.Git("rev-parse HEAD:maps/a.yaml"));
  EXPECT_EQ(artifact->files[0].size, 3u);
  EXPECT_EQ(artifact->files[1].path, "b/deep.yaml");
  EXPECT_EQ(artifact->read(artifact->files[1]).value(), "two");
  EXPECT_TRUE(artifact->refusals.empty());
}

TEST_F(GitSourceTest, ReadsTheWholeRepositoryByFileUrlWithoutAPath) {
  remote_.Commit("a.yaml", "one");
  auto options = Options();
  options.url = "file://" + remote_.dir();
  options.path = "/";
  const auto source = OpenGitSource(options);
  const auto fetched = source->Fetch("");
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(source->Open(fetched->commit)->files.at(0).path, "a.yaml");
}

TEST_F(GitSourceTest, FollowsAFastForwardAndSaysWhenNothingMoved) {
  const std::string first = remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  EXPECT_EQ(source->Fetch(first)->move, BranchMove::kUnchanged);
  const std::string second = remote_.Commit("maps/a.yaml", "two");
  const auto fetched = source->Fetch(first);
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->move, BranchMove::kFastForward);
  EXPECT_EQ(fetched->commit, second);
  const auto artifact = source->Open(second);
  EXPECT_EQ(artifact->read(artifact->files.at(0)).value(), "two");
}

TEST_F(GitSourceTest, KeepsTheTreeIdWhenOnlyOtherPathsChange) {
  const std::string first = remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  const std::string tree = source->Fetch("")->tree;
  remote_.Commit("services/b.yaml", "elsewhere");
  const auto fetched = source->Fetch(first);
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->move, BranchMove::kFastForward);
  EXPECT_EQ(fetched->tree, tree);
}

TEST_F(GitSourceTest, ReportsAForcePushAsRewritten) {
  remote_.Commit("maps/a.yaml", "one");
  const std::string old_tip = remote_.Commit("maps/a.yaml", "two");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  remote_.Git("reset -q --hard HEAD^");
  const std::string tip = remote_.Commit("maps/a.yaml", "three");
  const auto fetched = source->Fetch(old_tip);
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->move, BranchMove::kRewritten);
  EXPECT_EQ(fetched->commit, tip);
  EXPECT_TRUE(source->Open(old_tip).ok()) << "the old commit stays readable";
}

TEST_F(GitSourceTest, ReportsATipThatWentBackAsRewritten) {
  const std::string first = remote_.Commit("maps/a.yaml", "one");
  const std::string second = remote_.Commit("maps/a.yaml", "two");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  remote_.Git("reset -q --hard HEAD^");
  const auto fetched = source->Fetch(second);
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->move, BranchMove::kRewritten);
  EXPECT_EQ(fetched->commit, first);
}

TEST_F(GitSourceTest, ReportsAnotherHistoryAsUnrelated) {
  const std::string old_tip = remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  remote_.Git("checkout -q --orphan other");
  remote_.Commit("maps/a.yaml", "two");
  remote_.Git("branch -q -M main");
  const auto fetched = source->Fetch(old_tip);
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->move, BranchMove::kUnrelated);
}

TEST_F(GitSourceTest, ReportsADeletedBranchAsGoneAndKeepsItsFiles) {
  const std::string tip = remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  remote_.Git("branch -q -m main renamed");
  const auto fetched = source->Fetch(tip);
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->move, BranchMove::kGone);
  EXPECT_EQ(fetched->commit, "");
  EXPECT_TRUE(source->Open(tip).ok());
}

TEST_F(GitSourceTest, SaysWhichBranchesThereAreWhenItsOwnIsNot) {
  remote_.Commit("maps/a.yaml", "one");
  auto options = Options();
  options.branch = "mian";
  const auto fetched = OpenGitSource(options)->Fetch("");
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().message,
            "BranchNotFound: branch \"mian\" is not at " + remote_.dir() + ", which has main");
}

TEST_F(GitSourceTest, TellsAnEmptyRepositoryFromAMissingBranch) {
  const auto fetched = OpenGitSource(Options())->Fetch("");
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(ReasonOf(fetched.error()), "EmptyRepository");
}

TEST_F(GitSourceTest, SaysThatTheWatchedPathIsMissingOrNoDirectory) {
  const std::string commit = remote_.Commit("maps/a.yaml", "one");
  for (const char* path : {"mops", "maps/a.yaml", "maps/a.yaml/b", "../maps"}) {
    auto options = Options();
    options.path = path;
    const auto source = OpenGitSource(options);
    const auto fetched = source->Fetch("");
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    EXPECT_EQ(fetched->tree, "") << path;
    const auto opened = source->Open(commit);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(ReasonOf(opened.error()), "InvalidPath");
  }
}

TEST_F(GitSourceTest, OpensWhatWasFetchedBeforeARestartWithoutTheRemote) {
  const std::string commit = remote_.Commit("maps/a.yaml", "one");
  ASSERT_TRUE(OpenGitSource(Options())->Fetch("").ok());
  fs::remove_all(remote_.dir());
  const auto source = OpenGitSource(Options());
  const auto artifact = source->Open(commit);
  ASSERT_TRUE(artifact.ok()) << artifact.error().message;
  EXPECT_EQ(artifact->read(artifact->files.at(0)).value(), "one");
  const auto fetched = source->Fetch(commit);
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(ReasonOf(fetched.error()), "Unreachable");
}

TEST_F(GitSourceTest, SaysThatACommitIsNotInTheMirror) {
  remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  EXPECT_EQ(source->Open(std::string(40, 'a')).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(source->Fetch("").ok());
  EXPECT_EQ(source->Open(std::string(40, 'a')).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(source->Open("main").error().code, ErrorCode::kNotFound);
}

TEST_F(GitSourceTest, EndsAFetchFromAHungServerAtTheDeadline) {
  const SilentServer server;
  auto options = Options();
  options.url = server.Url();
  options.deadline = std::chrono::seconds(1);
  const auto source = OpenGitSource(options);
  const auto fetched = source->Fetch("");
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(ReasonOf(fetched.error()), "Timeout");
}

TEST_F(GitSourceTest, ACancelledFetchFailsAndWhatWasFetchedStaysReadable) {
  const std::string commit = remote_.Commit("maps/a.yaml", "one");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  source->Cancel();
  const auto cancelled = source->Fetch(commit);
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(ReasonOf(cancelled.error()), "Cancelled");
  EXPECT_TRUE(source->Open(commit).ok());
}

// libgit2 (1.5.1) reads a loose object that was cut short for ever, in the daemon's own process. A
// mirror is safe from that as long as fetches write packs only.
TEST_F(GitSourceTest, AFetchWritesPacksAndNoLooseObjects) {
  for (int i = 0; i < 3; ++i) {
    remote_.Commit("maps/a.yaml", std::to_string(i));
    const auto source = OpenGitSource(Options());
    ASSERT_TRUE(source->Fetch("").ok());
  }
  for (const auto& entry : fs::directory_iterator(Mirror() + "/objects"))
    EXPECT_TRUE(entry.path().filename() == "pack" || entry.path().filename() == "info")
        << entry.path();
}

TEST_F(GitSourceTest, SaysThatAClosedPortIsUnreachable) {
  auto options = Options();
  options.url = ClosedPortUrl();
  const auto fetched = OpenGitSource(options)->Fetch("");
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(ReasonOf(fetched.error()), "Unreachable");
}

TEST_F(GitSourceTest, ClonesAnewAfterACorruptMirror) {
  const std::string commit = remote_.Commit("maps/a.yaml", "one");
  constexpr std::size_t kChecksum = 20;  // with it intact the pack opens, and its objects do not
  for (const std::size_t kept : {std::size_t{0}, kChecksum}) {
    ASSERT_TRUE(OpenGitSource(Options())->Fetch("").ok());
    DamagePacks(Mirror(), kept);
    const auto source = OpenGitSource(Options());
    const auto damaged = source->Fetch(commit);
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(ReasonOf(damaged.error()), "CorruptMirror") << damaged.error().message;
    EXPECT_TRUE(fs::exists(Mirror() + ".corrupt"));
    const auto fetched = source->Fetch(commit);
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    EXPECT_EQ(fetched->move, BranchMove::kUnchanged);
    EXPECT_TRUE(source->Open(commit).ok());
  }
}

TEST_F(GitSourceTest, ClonesAnewAfterAPackThatWasCutShort) {
  const std::string commit = remote_.Commit("maps/a.yaml", "one");
  ASSERT_TRUE(OpenGitSource(Options())->Fetch("").ok());
  for (const auto& entry : fs::directory_iterator(Mirror() + "/objects/pack")) {
    if (entry.path().extension() == ".pack") fs::resize_file(entry, fs::file_size(entry) / 2);
  }
  const auto source = OpenGitSource(Options());
  const auto opened = source->Open(commit);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(ReasonOf(source->Fetch(commit).error()), "CorruptMirror");
  EXPECT_TRUE(source->Fetch(commit).ok());
  EXPECT_TRUE(source->Open(commit).ok());
}

TEST_F(GitSourceTest, ClonesAnewAfterAFileThatCannotBeRead) {
  const std::string commit = remote_.Commit("maps/a.yaml", std::string(5000, 'x') + "end");
  remote_.Commit("maps/b.yaml", "two");
  const auto source = OpenGitSource(Options());
  ASSERT_TRUE(source->Fetch("").ok());
  const auto artifact = source->Open(commit);
  ASSERT_TRUE(artifact.ok());
  const manifests::ArtifactFile missing{"maps/c.yaml", std::string(40, 'c'), 1};
  const auto bytes = artifact->read(missing);
  ASSERT_FALSE(bytes.ok()) << "a failed read is no empty file";
  EXPECT_EQ(bytes.error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(source->Fetch(commit).ok());
  EXPECT_TRUE(fs::exists(Mirror() + ".corrupt"));
  EXPECT_TRUE(artifact->read(artifact->files.at(0)).ok()) << "reads go to the new mirror";
}

TEST_F(GitSourceTest, ClonesAnewAfterAMirrorThatCannotBeOpened) {
  remote_.Commit("maps/a.yaml", "one");
  WriteFile(Mirror() + "/HEAD", "no repository");
  const auto source = OpenGitSource(Options());
  EXPECT_EQ(ReasonOf(source->Fetch("").error()), "CorruptMirror");
  EXPECT_TRUE(source->Fetch("").ok());
}

TEST_F(GitSourceTest, HealsTheLeftoversOfAKilledFetch) {
  const std::string first = remote_.Commit("maps/a.yaml", "one");
  ASSERT_TRUE(OpenGitSource(Options())->Fetch("").ok());
  WriteFile(Mirror() + "/refs/portolan/src/edge.lock", "");
  WriteFile(Mirror() + "/objects/pack/pack_git2_abc", "half a pack");
  const std::string second = remote_.Commit("maps/a.yaml", "two");
  const auto fetched = OpenGitSource(Options())->Fetch(first);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->commit, second);
  EXPECT_FALSE(fs::exists(Mirror() + "/objects/pack/pack_git2_abc"));
}

TEST_F(GitSourceTest, RebuildsAMirrorOfManyPacksAndKeepsItsPins) {
  auto options = Options();
  options.limits.packs = 4;
  const auto source = OpenGitSource(options);
  std::string followed = remote_.Commit("maps/a.yaml", "pinned");
  const std::string pinned = followed;
  ASSERT_TRUE(source->Fetch("").ok());
  ASSERT_TRUE(source->Pin(pinned).ok());
  const auto artifact = source->Open(pinned);
  remote_.Git("checkout -q --orphan other");
  for (int i = 0; i < 3; ++i) {
    followed = remote_.Commit("maps/a.yaml", std::to_string(i));
    if (i == 0) remote_.Git("branch -q -M main");
    ASSERT_TRUE(source->Fetch(followed).ok());
  }
  std::int64_t packs = 0;
  for (const auto& entry : fs::directory_iterator(Mirror() + "/objects/pack")) {
    packs += entry.path().extension() == ".pack" ? 1 : 0;
  }
  EXPECT_EQ(packs, 1);
  EXPECT_EQ(source->Fetch(followed)->move, BranchMove::kUnchanged);
  EXPECT_TRUE(source->Open(pinned).ok());
  EXPECT_EQ(artifact->read(artifact->files.at(0)).value(), "pinned");
}

// A source whose commits ana must sign.
class SignedSourceTest : public GitSourceTest {
 protected:
  std::unique_ptr<reconciler::GitSource> Source(VerifyMode verify) {
    GitSourceOptions options = Options();
    options.verify = verify;
    options.signers = [this]() -> Result<Signers> {
      return Signers{ana_.Allowed("ana@corp.example"), {}};
    };
    return OpenGitSource(options);
  }
  std::string Signed(const std::string& content, const TestSshKey& key) {
    remote_.Write("maps/a.yaml", content);
    remote_.Git("add -A");
    return key.Commit(remote_);
  }
  static std::string Found(const Result<std::vector<std::string>>& signers) {
    if (!signers.ok()) return ReasonOf(signers.error());
    return signers->empty() ? "nobody" : signers->front();
  }

  TestSshKey ana_{directory_, "ana"};
  TestSshKey eve_{directory_, "eve"};
};

TEST_F(SignedSourceTest, HeadWantsTheCommitItselfSigned) {
  const auto source = Source(VerifyMode::kHead);
  const std::string plain = remote_.Commit("maps/a.yaml", "one");
  const std::string good = Signed("two", ana_);
  const std::string eves = Signed("three", eve_);
  ASSERT_TRUE(source->Fetch("").ok());
  EXPECT_EQ(Found(source->Signers("", plain)), "Unsigned");
  EXPECT_EQ(Found(source->Signers(plain, good)), "ana@corp.example");
  EXPECT_EQ(Found(source->Signers(good, eves)), "UnknownSigner");
}

TEST_F(SignedSourceTest, RangeWantsEveryCommitSinceTheOneBeforeSigned) {
  const auto source = Source(VerifyMode::kRange);
  const std::string first = Signed("one", ana_);
  const std::string second = Signed("two", ana_);
  const std::string plain = remote_.Commit("maps/a.yaml", "three");
  const std::string fourth = Signed("four", ana_);
  ASSERT_TRUE(source->Fetch("").ok());
  EXPECT_EQ(Found(source->Signers(first, second)), "ana@corp.example");
  EXPECT_EQ(Found(source->Signers(first, fourth)), "Unsigned");
  EXPECT_NE(source->Signers(first, fourth).error().message.find(plain.substr(0, 7)),
            std::string::npos);
  EXPECT_EQ(Found(source->Signers(plain, fourth)), "ana@corp.example");
  EXPECT_EQ(Found(source->Signers("", fourth)), "ana@corp.example");
}

TEST_F(SignedSourceTest, NoneDemandsNothingAndStillSaysWhoSigned) {
  const auto source = Source(VerifyMode::kNone);
  const std::string plain = remote_.Commit("maps/a.yaml", "one");
  const std::string good = Signed("two", ana_);
  ASSERT_TRUE(source->Fetch("").ok());
  EXPECT_EQ(Found(source->Signers("", plain)), "nobody");
  EXPECT_EQ(Found(source->Signers(plain, good)), "ana@corp.example");
  EXPECT_EQ(Found(OpenGitSource(Options())->Signers(plain, good)), "nobody");
}

}  // namespace
}  // namespace portolan::controller
