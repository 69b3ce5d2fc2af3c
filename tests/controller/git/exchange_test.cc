#include "controller/git/exchange.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/controller/git/git_http_server.h"
#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

class ExchangeTest : public ::testing::Test {
 protected:
  FetchJob Job(const std::string& url) const {
    FetchJob job;
    job.mirror = directory_.Path("edge.git");
    job.url = url;
    job.branch = "main";
    job.ref = "refs/portolan/src/edge";
    job.receive_max = 1u << 30;
    return job;
  }

  Result<FetchReply> Fetch(const FetchJob& job) {
    if (!writer_) {
      auto opened = MirrorWriter::Open(job.mirror);
      if (!opened.ok()) return opened.error();
      writer_ = std::move(opened).value();
    }
    return writer_->Fetch(job);
  }

  void ExpectError(const FetchJob& job, ErrorCode code, const std::string& start) {
    const auto fetched = Fetch(job);
    ASSERT_FALSE(fetched.ok());
    EXPECT_EQ(fetched.error().code, code);
    EXPECT_TRUE(fetched.error().message.starts_with(start)) << fetched.error().message;
  }

  TestDirectory directory_;
  TestRepository remote_{directory_.Path("repositories/maps")};
  std::unique_ptr<MirrorWriter> writer_;
};

TEST_F(ExchangeTest, FetchesOverHttpAndTransfersNothingTwice) {
  const std::string commit = remote_.Commit("a.yaml", "one");
  const GitHttpServer server(directory_.Path("repositories"), {});
  const auto first = Fetch(Job(server.Url("maps/.git")));
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->tip, commit);
  EXPECT_TRUE(first->fetched);
  EXPECT_EQ(first->packs, 1);
  EXPECT_EQ(first->advertised, 2) << "HEAD and the branch";
  const int requests = server.requests();
  const auto second = Fetch(Job(server.Url("maps/.git")));
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->fetched);
  EXPECT_EQ(server.requests(), requests + 1);
}

TEST_F(ExchangeTest, SendsTheTokenWhenAskedAndTakesARefusalAtItsWord) {
  const std::string commit = remote_.Commit("a.yaml", "one");
  const GitHttpServer server(directory_.Path("repositories"), {.token = "s3cret"});
  FetchJob job = Job(server.Url("maps/.git"));
  ExpectError(job, ErrorCode::kUnauthenticated, "AuthenticationFailed: ");
  job.token = "wrong";
  const int before = server.requests();
  ExpectError(job, ErrorCode::kUnauthenticated, "AuthenticationFailed: ");
  EXPECT_LE(server.requests() - before, 2) << "libgit2 by itself tries 15 times";
  job.token = "s3cret";
  const auto fetched = Fetch(job);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->tip, commit);
}

TEST_F(ExchangeTest, RefusesACertificateOfUnknownAuthoritiesAndSendsItNothing) {
  remote_.Commit("a.yaml", "one");
  const GitHttpServer server(directory_.Path("repositories"), {.token = "s3cret", .tls = true});
  FetchJob job = Job(server.Url("maps/.git"));
  job.token = "s3cret";
  ExpectError(job, ErrorCode::kDenied, "Denied: the certificate of ");
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(ExchangeTest, FetchesOverHttpsFromAnAuthorityThatTheSourceNames) {
  const std::string commit = remote_.Commit("a.yaml", "one");
  const GitHttpServer server(directory_.Path("repositories"), {.token = "s3cret", .tls = true});
  FetchJob job = Job(server.Url("maps/.git"));
  job.token = "s3cret";
  job.ca_file = server.certificate();
  const auto fetched = Fetch(job);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->tip, commit);
  const GitHttpServer other(directory_.Path("repositories"), {.tls = true});
  job.url = other.Url("maps/.git");
  ExpectError(job, ErrorCode::kDenied, "Denied: the certificate of ");
}

TEST_F(ExchangeTest, SaysThatAFileOfAuthoritiesHoldsNone) {
  FetchJob job = Job("https://localhost:1/maps.git");
  job.ca_file = directory_.Path("repositories");
  ExpectError(job, ErrorCode::kDenied, "Denied: " + job.ca_file + " holds no certificates");
}

TEST_F(ExchangeTest, FollowsNoRedirectToAnotherHost) {
  remote_.Commit("a.yaml", "one");
  const GitHttpServer target(directory_.Path("repositories"), {});
  std::string elsewhere = target.Url("");
  elsewhere.replace(elsewhere.find("127.0.0.1"), 9, "127.0.0.2");
  elsewhere.pop_back();
  const GitHttpServer door(directory_.Path("repositories"), {.redirect_to = elsewhere});
  ExpectError(Job(door.Url("maps/.git")), ErrorCode::kDenied, "Denied: ");
  EXPECT_EQ(target.requests(), 0);
}

TEST_F(ExchangeTest, SaysThatARepositoryIsNotThere) {
  const GitHttpServer server(directory_.Path("repositories"), {});
  ExpectError(Job(server.Url("mops")), ErrorCode::kUnavailable, "Unreachable: ");
  ExpectError(Job(directory_.Path("mops")), ErrorCode::kUnavailable, "Unreachable: ");
}

TEST_F(ExchangeTest, StopsAFetchThatReceivesTooMuch) {
  std::string noise;
  for (unsigned i = 0, x = 1; i < 300'000; ++i) {
    noise += static_cast<char>((x = x * 69069 + 1) >> 24);
  }
  remote_.Commit("a.bin", noise);
  const GitHttpServer server(directory_.Path("repositories"), {});
  for (const std::string& url : {server.Url("maps/.git"), remote_.dir()}) {
    FetchJob job = Job(url);
    job.receive_max = 100'000;
    ExpectError(job, ErrorCode::kExhausted, "TooLarge: ");
  }
  EXPECT_TRUE(Fetch(Job(remote_.dir())).ok()) << "a refused fetch leaves the mirror usable";
}

TEST_F(ExchangeTest, IsNotBlockedByOtherBranchesThatBecomeDirectories) {
  remote_.Commit("a.yaml", "one");
  remote_.Git("branch keep");
  ASSERT_TRUE(Fetch(Job(remote_.dir())).ok());
  remote_.Git("branch -q -D keep");
  remote_.Git("branch keep/x");
  const std::string commit = remote_.Commit("a.yaml", "two");
  const auto fetched = Fetch(Job(remote_.dir()));
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->tip, commit);
}

TEST_F(ExchangeTest, RefusesUrlsAndBranchesThatAreNone) {
  ExpectError(Job("ext::sh -c id"), ErrorCode::kDenied, "Denied: ");
  FetchJob job = Job(remote_.dir());
  job.branch = "ma*n";
  ExpectError(job, ErrorCode::kInvalid, "BranchNotFound: ");
}

TEST_F(ExchangeTest, ExplainsARepositoryOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  remote_.Commit("a.yaml", "one");
  ASSERT_EQ(chown((remote_.dir() + "/.git").c_str(), 65534, 65534), 0);
  ASSERT_EQ(chown(remote_.dir().c_str(), 65534, 65534), 0);
  const auto fetched = Fetch(Job(remote_.dir()));
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kDenied);
  EXPECT_NE(fetched.error().message.find("belongs to another user"), std::string::npos)
      << fetched.error().message;
}

TEST_F(ExchangeTest, TellsADamagedMirrorFromADamagedRemote) {
  remote_.Commit("a.yaml", "one");
  ASSERT_TRUE(Fetch(Job(remote_.dir())).ok());
  const std::string second = remote_.Commit("a.yaml", "two");
  const auto object = [](const std::string& oid) {
    return "/objects/" + oid.substr(0, 2) + "/" + oid.substr(2);
  };
  const std::string lost = remote_.dir() + "/.git" + object(second);
  const std::string bytes = ReadFile(lost);
  fs::remove(lost);
  WriteFile(lost, "garbage");
  ExpectError(Job(remote_.dir()), ErrorCode::kUnavailable, "Unreachable: ");
  fs::remove(lost);
  WriteFile(lost, bytes);
  writer_.reset();
  DamagePacks(directory_.Path("edge.git"), 20);
  const GitHttpServer server(directory_.Path("repositories"), {});
  ExpectError(Job(server.Url("maps/.git")), ErrorCode::kCorrupt, "CorruptMirror: ");
}

TEST_F(ExchangeTest, RebuildsIntoOnePackWithoutTheRemote) {
  for (int i = 0; i < 3; ++i) {
    remote_.Commit("a.yaml", std::to_string(i));
    ASSERT_TRUE(Fetch(Job(remote_.dir())).ok());
  }
  const std::string url = remote_.dir();
  fs::rename(url, url + ".away");
  const auto rebuilt = writer_->Rebuild();
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().message;
  EXPECT_EQ(rebuilt->packs, 1);
  fs::rename(url + ".away", url);
  const auto fetched = Fetch(Job(url));
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_FALSE(fetched->fetched) << "the rebuilt mirror holds the tip";
}

}  // namespace
}  // namespace portolan::controller
