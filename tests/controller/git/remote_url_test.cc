#include "controller/git/remote_url.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(CheckRemoteUrl, AllowsHttpsFilesAndHttpToThisMachine) {
  for (const char* url :
       {"https://git.example.com/maps.git", "https://bot@git.example.com:8443/maps.git",
        "http://127.0.0.1:3000/maps.git", "http://localhost/maps.git", "http://[::1]:80/maps.git",
        "file:///srv/maps.git", "/srv/maps.git", "/srv/odd:name.git"}) {
    EXPECT_TRUE(CheckRemoteUrl(url).ok()) << url;
  }
}

TEST(CheckRemoteUrl, RefusesEveryOtherSchemeByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"ext::sh -c id", "transport helper"},
      {"ssh://git@example.com/maps.git", "\"ssh\""},
      {"git@example.com:maps.git", "short form of ssh"},
      {"git://example.com/maps.git", "\"git\""},
      {"ftp://example.com/maps.git", "\"ftp\""},
      {"HTTPS://example.com/maps.git", "\"HTTPS\""},
      {"maps.git", "relative path"},
      {"--upload-pack=id", "relative path"},
  };
  for (const auto& [url, named] : cases) {
    const auto checked = CheckRemoteUrl(url);
    ASSERT_FALSE(checked.ok()) << url;
    EXPECT_EQ(checked.error().code, ErrorCode::kDenied);
    EXPECT_NE(checked.error().message.find(named), std::string::npos) << checked.error().message;
  }
}

TEST(CheckRemoteUrl, IsNotFooledByHostsThatLookLikeLoopback) {
  for (const char* url : {"http://127.0.0.1.example.com/m", "http://127.0.0.1@example.com/m",
                          "http://example.com/127.0.0.1", "http://localhost.example.com/m",
                          "http://2130706433/m", "http://example.com\\@127.0.0.1/m"}) {
    EXPECT_FALSE(CheckRemoteUrl(url).ok()) << url;
  }
}

TEST(CheckRemoteUrl, RefusesAPasswordWithoutRepeatingIt) {
  const auto checked = CheckRemoteUrl("https://bot:hunter2@example.com/maps.git");
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().message.find("hunter2"), std::string::npos);
}

TEST(TakesToken, OnlyWhereNobodyCanListen) {
  EXPECT_TRUE(TakesToken("https://example.com/maps.git"));
  EXPECT_TRUE(TakesToken("http://127.0.0.1:80/maps.git"));
  EXPECT_FALSE(TakesToken("http://example.com/maps.git"));
  EXPECT_FALSE(TakesToken("file:///srv/maps.git"));
  EXPECT_FALSE(TakesToken("/srv/maps.git"));
}

TEST(PrintableUrl, LeavesOutTheUser) {
  EXPECT_EQ(PrintableUrl("https://bot:pw@example.com/m"), "https://example.com/m");
  EXPECT_EQ(PrintableUrl("https://example.com/m@2"), "https://example.com/m@2");
  EXPECT_EQ(PrintableUrl("/srv/m"), "/srv/m");
}

}  // namespace
}  // namespace portolan::controller
