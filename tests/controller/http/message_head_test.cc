#include "controller/http/message_head.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

// 0 when the head is accepted, else the status of the refusal.
int StatusOf(const std::string& head, const HeadLimits& limits = {}) {
  const auto end = FindHeadEnd(head, limits);
  if (const auto* refusal = std::get_if<Refusal>(&end)) return refusal->status;
  if (std::holds_alternative<std::nullopt_t>(end)) return -1;
  const auto parsed = ParseHead(head.substr(0, std::get<std::size_t>(end)), limits);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? 0 : refusal->status;
}

std::string Post(const std::string& fields) {
  return "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

TEST(MessageHead, ReadsARequestWithItsHeaders) {
  const std::string text =
      "PUT /a%2Fb?x=1 HTTP/1.1\r\nHost: localhost:7420\r\nContent-Length: 12\r\n"
      "X-Note:  two words \t\r\nExpect: 100-continue\r\n\r\n";
  auto parsed = ParseHead(text, {});
  ASSERT_TRUE(std::holds_alternative<MessageHead>(parsed));
  const auto& head = std::get<MessageHead>(parsed);
  EXPECT_EQ(head.method, "PUT");
  EXPECT_EQ(head.target, "/a%2Fb?x=1");
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_EQ(head.headers[2], (std::pair<std::string, std::string>{"X-Note", "two words"}));
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.expect_continue);
}

TEST(MessageHead, ClosesForHttp10AndForConnectionClose) {
  auto old = ParseHead("GET / HTTP/1.0\r\nHost: h\r\n\r\n", {});
  EXPECT_FALSE(std::get<MessageHead>(old).keep_alive);
  auto close = ParseHead("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", {});
  EXPECT_FALSE(std::get<MessageHead>(close).keep_alive);
}

// Row 20 of the attack matrix.
TEST(MessageHead, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::pair<std::string, int> rows[] = {
      {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400},
      {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\n", 411},
      {"Transfer-Encoding: xchunked\r\n", 411},
      {"Transfer-Encoding:\r\n", 411},
      {"Transfer-Encoding : chunked\r\n", 400},
      {"Content-Length: 3\r\nContent-Length: 3\r\n", 400},
      {"Content-Length: 3\r\nContent-Length: 4\r\n", 400},
      {"Content-Length: 3, 3\r\n", 400},
      {"Content-Length: +3\r\n", 400},
      {"Content-Length: -1\r\n", 400},
      {"Content-Length: 3x\r\n", 400},
      {"Content-Length: 0x3\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 99999999999999999999999\r\n", 413},
      {"Content-Length: 1048577\r\n", 413},
      {"Host: other\r\n", 400},
      {"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", 400},
      {"X: a\r\n folded\r\n", 400},
      {"X: a\r\n\tfolded\r\n", 400},
      {"X: a\nY: b\r\n", 400},
      {"X: a\rY: b\r\n", 400},
      {std::string("X: a\0b\r\n", 8), 400},
      {"X: a\x01\r\n", 400},
      {"no colon\r\n", 400},
      {": empty\r\n", 400},
      {"Content-Encoding: gzip\r\n", 415},
      {"Expect: miracles\r\n", 417},
      {"Content-Length: 1048576\r\n", 0},
      {"Content-Length: 0\r\nContent-Type: application/json\r\n", 0},
  };
  for (const auto& [fields, status] : rows) EXPECT_EQ(StatusOf(Post(fields)), status) << fields;
}

TEST(MessageHead, RefusesMalformedRequestLines) {
  const std::pair<std::string, int> rows[] = {
      {"GET / HTTP/1.1", 0},
      {"GET / HTTP/1.0", 0},
      {"GET / HTTP/2.0", 505},
      {"GET / HTTP/1.2", 505},
      {"GET /", 400},
      {"GET  / HTTP/1.1", 400},
      {" GET / HTTP/1.1", 400},
      {"get / HTTP/1.1", 400},
      {"GET / x HTTP/1.1", 400},
      {"GET / http/1.1", 400},
      {"G\tT / HTTP/1.1", 400},
      {"", 400},
      {"GET /\t HTTP/1.1", 0},
      {"ABCDEFGHIJKLMNOPQ / HTTP/1.1", 400},
      {"GET /" + std::string(8192, 'a') + " HTTP/1.1", 414},
  };
  for (const auto& [line, status] : rows) {
    EXPECT_EQ(StatusOf(line + "\r\nHost: localhost\r\n\r\n"), status) << line.substr(0, 60);
  }
}

TEST(MessageHead, NeedsAHost) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
}

// Row 38: a name that a stranger made resolve to 127.0.0.1.
TEST(MessageHead, ServesTheListedHostsOnly) {
  HeadLimits limits;
  limits.hosts = {"localhost", "127.0.0.1", "[::1]"};
  const std::pair<const char*, int> rows[] = {
      {"localhost", 0},        {"LOCALHOST:7420", 0}, {"127.0.0.1:80", 0},
      {"[::1]:7420", 0},       {"[::1]", 0},          {"evil.example", 421},
      {"localhost.evil", 421}, {"[::2]", 421},        {"127.0.0.1.evil", 421},
      {"evil:localhost", 421},
  };
  for (const auto& [host, status] : rows) {
    EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", limits), status)
        << host;
  }
}

TEST(MessageHead, LimitsBytesAndCountOfHeaders) {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(StatusOf(Post(fields)), 0);
  EXPECT_EQ(StatusOf(Post(fields + "X-Last: y\r\n")), 431);
  EXPECT_EQ(StatusOf(Post("X: " + std::string(17000, 'a') + "\r\n")), 431);
  EXPECT_EQ(StatusOf("GET /" + std::string(16 * 1024, 'a')), 431) << "without a line end";
}

TEST(FindHeadEnd, WaitsForTheRestAndStopsBehindTheHead) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size) {
    EXPECT_TRUE(std::holds_alternative<std::nullopt_t>(FindHeadEnd(head.substr(0, size), {})))
        << size;
  }
  EXPECT_EQ(std::get<std::size_t>(FindHeadEnd(head + "\nbody", {})), head.size());
}

TEST(WriteHead, WritesStatusTypeLengthAndClose) {
  Response response = TextResponse("hello", "text/plain");
  response.SetHeader("ETag", "\"1\"");
  EXPECT_EQ(WriteHead(response, 5, true),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nETag: \"1\"\r\n"
            "Connection: close\r\n\r\n");
}

TEST(WriteHead, AnswersWithoutContentHaveNoLength) {
  Response response;
  response.status = 304;
  EXPECT_EQ(WriteHead(response, 0, false), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

// Row 41: response splitting by a key in a header.
TEST(WriteHead, ALineBreakInAHeaderBecomesA500) {
  Response response = TextResponse("hello");
  response.SetHeader("Portolan-Key", "a\r\nSet-Cookie: x=1");
  const std::string head = WriteHead(response, 5, false);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 500 ")) << head;
  EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: " + std::to_string(response.body.size())),
            std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
