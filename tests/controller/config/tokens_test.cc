#include "controller/config/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

constexpr WallTime kNow{Duration(1'795'224'600'000)};  // 2026-11-21T01:30:00Z

std::string HashOf(std::string_view token) {
  return Sha256Of(token).Hex();
}

class TokensTest : public ::testing::Test {
 protected:
  Result<TokenSet> Load(const std::string& text) {
    return LoadTokens(directory_.Write("tokens.yaml", text));
  }
  std::string Refusal(const std::string& text) {
    const auto tokens = Load(text);
    return tokens.ok() ? "accepted" : tokens.error().message;
  }

  TemporaryDirectory directory_;
};

TEST_F(TokensTest, ATokenIsItsHoldersActor) {
  const auto tokens = Load(
      "- {name: ci, groups: [deployers], scopes: [read, operate], sha256: " + HashOf("secret") +
      "}\n- {name: app, scopes: [report], sha256: " + HashOf("other") + "}\n");
  ASSERT_TRUE(tokens.ok()) << tokens.error().message;
  const auto actor = tokens->Identify("secret", kNow);
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->name, "token:ci");
  EXPECT_EQ(actor->groups, std::vector<std::string>{"deployers"});
  EXPECT_EQ(actor->scopes, (ScopeSet{Scope::kRead, Scope::kOperate}));
  EXPECT_EQ(tokens->Identify("other", kNow)->name, "token:app");
}

TEST_F(TokensTest, UnknownAndExpiredTokensGetTheSameAnswer) {
  const auto tokens = Load("- {name: ci, scopes: [read], sha256: " + HashOf("secret") +
                           ", expires: 2026-11-21T01:30:00Z}\n");
  ASSERT_TRUE(tokens.ok()) << tokens.error().message;
  EXPECT_TRUE(tokens->Identify("secret", kNow - Duration(1)).ok());
  const auto expired = tokens->Identify("secret", kNow);
  const auto unknown = tokens->Identify("guess", kNow);
  ASSERT_FALSE(expired.ok());
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(expired.error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(expired.error().code, unknown.error().code);
  EXPECT_EQ(expired.error().message, unknown.error().message);
  EXPECT_FALSE(tokens->Identify("", kNow).ok());
  EXPECT_FALSE(tokens->Identify(HashOf("secret"), kNow - Duration(1)).ok());
}

TEST_F(TokensTest, EveryMistakeIsNamedWithItsPlace) {
  const std::string message = Refusal(
      "- {name: ci, scopes: [red], sha256: abc, expire: 1}\n"
      "- {scopes: [], sha256: " +
      HashOf("a") + ", expires: tomorrow}\n");
  for (const char* part :
       {"tokens.yaml:1:23: ", "found \"red\"", "64 lower-case hex digits, found \"abc\"",
        "unknown field", "did you mean \"expires\"?", "tokens.yaml:2:",
        "missing required field \"name\"", "found an empty list", "found \"tomorrow\""})
    EXPECT_NE(message.find(part), std::string::npos) << part << " in\n" << message;
}

TEST_F(TokensTest, NamesAndTokensAreGivenOnce) {
  const std::string entry = "- {name: ci, scopes: [read], sha256: " + HashOf("a") + "}\n";
  const std::string message = Refusal(entry + entry);
  EXPECT_NE(message.find("a second token named \"ci\""), std::string::npos) << message;
  EXPECT_NE(message.find("the same token as an entry above"), std::string::npos) << message;
}

TEST_F(TokensTest, AFileThatOthersMayWriteIsDenied) {
  const std::string path = directory_.Write("tokens.yaml", "[]");
  ASSERT_TRUE(LoadTokens(path).ok());
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  EXPECT_EQ(LoadTokens(path).error().code, ErrorCode::kDenied);
}

TEST_F(TokensTest, ANewTokenWorksOnceItsEntryIsInTheFile) {
  TokenRecord wanted;
  wanted.name = "ana";
  wanted.groups = {"ops", "a: b"};
  wanted.identities = {"ana@example.com", "user:ana"};
  wanted.scopes = {Scope::kRead, Scope::kApprove};
  wanted.expires = kNow;
  const auto issued = NewToken(wanted);
  ASSERT_TRUE(issued.ok());
  EXPECT_EQ(issued->secret.size(), 4 + 43u);
  EXPECT_EQ(issued->secret.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_NE(NewToken(wanted)->secret, issued->secret);
  const auto tokens = Load(TokenEntry(issued->record));
  ASSERT_TRUE(tokens.ok()) << tokens.error().message;
  EXPECT_EQ(tokens->records()[0].identities, wanted.identities);
  const auto actor = tokens->Identify(issued->secret, kNow - Duration(1));
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->groups, wanted.groups);
  EXPECT_EQ(actor->scopes, wanted.scopes);
  EXPECT_FALSE(tokens->Identify(issued->secret, kNow).ok());
}

}  // namespace
}  // namespace portolan::controller
