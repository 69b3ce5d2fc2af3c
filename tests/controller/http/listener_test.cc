#include "controller/http/listener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/controller/http/raw_socket.h"

namespace portolan::controller {
namespace {

TEST(Endpoint, ReadsAndWritesEveryForm) {
  const std::pair<const char*, const char*> rows[] = {
      {"http://127.0.0.1:7420", "http://127.0.0.1:7420"},
      {"127.0.0.1:7420", "http://127.0.0.1:7420"},
      {"http://localhost/", "http://localhost:80"},
      {"[::1]:0", "http://[::1]:0"},
      {"https://portolan.example", "https://portolan.example:443"},
      {"http://[::1]", "http://[::1]:80"},
      {"unix:///run/p.sock", "unix:///run/p.sock"},
  };
  for (const auto& [text, written] : rows) {
    const auto endpoint = ParseEndpoint(text);
    ASSERT_TRUE(endpoint.ok()) << text;
    EXPECT_EQ(endpoint->ToString(), written);
  }
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const char* text :
       {"", "http://", ":80", "host:", "host:x", "host:65536", "host:-1", "host:80/v1", "unix://",
        "unix://relative", "ftp://host", "user@host:80", "[::1", "[::1]x"}) {
    EXPECT_FALSE(ParseEndpoint(text).ok()) << text;
  }
}

class UnixListenerTest : public testing::Test {
 protected:
  UnixListenerTest() { ::unlink(path.c_str()); }
  ~UnixListenerTest() override { ::unlink(path.c_str()); }

  const std::string path = testing::TempDir() + "/listener-" + std::to_string(::getpid()) + ".sock";
  const Endpoint endpoint{Peer::Kind::kUnix, "", 0, path, false};
};

TEST_F(UnixListenerTest, ReplacesTheFileOfADeadServerOnly) {
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path);
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(dead);
  }
  const auto first = Listen(endpoint);
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto second = Listen(endpoint);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find(path), std::string::npos);
  EXPECT_TRUE(RawSocket::Unix(path).connected()) << "the first still owns the file";
}

TEST_F(UnixListenerTest, NeverRemovesAFileThatIsNoSocket) {
  std::ofstream(path) << "precious";
  EXPECT_FALSE(Listen(endpoint).ok());
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(UnixListenerTest, CreatesTheFileWithTheModeAskedWhateverTheUmask) {
  const mode_t old = ::umask(0);
  const auto listener = Listen(endpoint, 0660);
  ::umask(old);
  ASSERT_TRUE(listener.ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0660u);
}

TEST_F(UnixListenerTest, RefusesAPathLongerThanTheKernelTakes) {
  const Endpoint longer{Peer::Kind::kUnix, "", 0, "/tmp/" + std::string(120, 'a'), false};
  const auto listener = Listen(longer);
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.error().code, ErrorCode::kInvalid);
}

TEST(TcpListener, BindsAFreePortAndRefusesItTwice) {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  const auto first = Listen(endpoint);
  ASSERT_TRUE(first.ok());
  EXPECT_GT(first->endpoint().port, 0);
  EXPECT_EQ(Listen(first->endpoint()).error().code, ErrorCode::kConflict);
}

TEST(TcpListener, RefusesAnAddressThatIsNotOurs) {
  Endpoint endpoint;
  endpoint.host = "192.0.2.1";
  const auto listener = Listen(endpoint);
  ASSERT_FALSE(listener.ok());
  EXPECT_NE(listener.error().message.find("192.0.2.1"), std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
