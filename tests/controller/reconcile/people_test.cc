#include "controller/reconcile/people.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

constexpr WallTime kAsked{Duration(1'000'000)};

TEST(People, AreFoundByTokenBySocketAndByTheAddressOfACommit) {
  const People people({{"token:ann", {"Ann@Example.com", "user:ann"}, {"sre"}, {}}});
  const Person ann{"ann", {"sre"}};
  EXPECT_EQ(people.OfActor("token:ann", kAsked), ann);
  EXPECT_EQ(people.OfActor("user:ann", kAsked), ann);
  EXPECT_EQ(people.OfAuthor("Bob <ann@example.COM>", kAsked), ann);
}

TEST(People, AuthorsAreNotFoundByTheNameThatTheyGiveThemselves) {
  const People people({{"token:ann", {"ann@example.com"}, {}, {}}});
  EXPECT_FALSE(people.OfAuthor("ann@example.com <eve@example.com>", kAsked));
  EXPECT_FALSE(people.OfAuthor("ann@example.com", kAsked));
  EXPECT_FALSE(people.OfAuthor("<ann@example.com> <eve@example.com>", kAsked));
}

TEST(People, TokensThatShareAnIdentityAreOnePersonWithTheGroupsOfAll) {
  const People people({{"token:ann", {"ann@example.com"}, {"sre"}, {}},
                       {"token:bob", {"bob@example.com"}, {}, {}},
                       {"token:ann-laptop", {"ann@home.example", "ann@example.com"}, {"dev"}, {}}});
  const Person ann{"ann", {"dev", "sre"}};
  EXPECT_EQ(people.OfActor("token:ann-laptop", kAsked), ann);
  EXPECT_EQ(people.OfAuthor("A <ann@home.example>", kAsked), ann);
  EXPECT_EQ(people.OfActor("token:bob", kAsked)->name, "bob");
}

TEST(People, AnExpiredTokenIsNobodyAndKeepsItsAddresses) {
  const People people({{"token:ann", {"ann@example.com"}, {"sre"}, kAsked}});
  EXPECT_FALSE(people.OfActor("token:ann", kAsked));
  EXPECT_TRUE(people.OfActor("token:ann", kAsked - Duration(1)));
  EXPECT_EQ(people.OfAuthor("Ann <ann@example.com>", kAsked), (Person{"ann", {}}));
}

TEST(People, WithoutATokensFileNobodyIsToldApart) {
  EXPECT_FALSE(People().told_apart());
  EXPECT_TRUE(People(std::vector<KnownIdentity>{}).told_apart());
  EXPECT_FALSE(People().OfActor("token:ann", kAsked));
}

}  // namespace
}  // namespace portolan::controller
