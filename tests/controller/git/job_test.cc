#include "controller/git/job.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(FetchJob, SurvivesTheWireWithEveryField) {
  FetchJob job;
  job.mirror = "/var/lib/portolan/edge.git";
  job.url = "https://git.example.com/maps.git";
  job.branch = "release/\"2\"";
  job.ref = "refs/portolan/src/edge";
  job.token = "s3cret\n";
  job.ca_file = "/etc/ca.pem";
  job.receive_max = 5'000'000'000;
  job.deadline = Duration(1500);
  const std::string line = EncodeJob(job);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto read = DecodeJob(line);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->kind, FetchJob::Kind::kFetch);
  EXPECT_EQ(read->mirror, job.mirror);
  EXPECT_EQ(read->url, job.url);
  EXPECT_EQ(read->branch, job.branch);
  EXPECT_EQ(read->ref, job.ref);
  EXPECT_EQ(read->token, job.token);
  EXPECT_EQ(read->ca_file, job.ca_file);
  EXPECT_EQ(read->receive_max, job.receive_max);
  EXPECT_EQ(read->deadline, job.deadline);
}

TEST(FetchJob, IsRefusedWithAnUnknownOperationOrWithoutAMirror) {
  EXPECT_EQ(DecodeJob("{\"op\":\"push\",\"mirror\":\"/m\"}").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(DecodeJob("{\"op\":\"fetch\"}").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(DecodeJob("fetch").error().code, ErrorCode::kInvalid);
}

TEST(FetchReply, SurvivesTheWireWithEveryField) {
  const auto read = DecodeReply(EncodeReply(FetchReply{std::string(40, 'a'), true, 100'000, 7}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->tip, std::string(40, 'a'));
  EXPECT_TRUE(read->fetched);
  EXPECT_EQ(read->advertised, 100'000);
  EXPECT_EQ(read->packs, 7);
}

TEST(FetchReply, CarriesEveryErrorCode) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const Error sent{static_cast<ErrorCode>(i), "Timeout: \"quoted\""};
    const auto read = DecodeReply(EncodeReply(sent));
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, sent.code);
    EXPECT_EQ(read.error().message, sent.message);
  }
}

TEST(FetchReply, OfGarbageIsAnErrorOfTheWorker) {
  for (const char* line : {"", "segmentation fault", "[]", "{\"tip\":\"abc\"}"}) {
    const auto read = DecodeReply(line);
    ASSERT_FALSE(read.ok()) << line;
    EXPECT_TRUE(read.error().message.starts_with("WorkerKilled: ")) << read.error().message;
  }
}

}  // namespace
}  // namespace portolan::controller
