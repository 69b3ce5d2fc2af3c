#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/clock.h"

namespace portolan::controller {

// One way in which somebody is known to the daemon: a token and the names that its holder has.
struct KnownIdentity {
  std::string actor;                    // "token:ann"
  std::vector<std::string> identities;  // e-mail addresses, "user:ann" of the unix socket
  std::vector<std::string> groups;
  std::optional<WallTime> expires;  // from then on the actor is nobody
};

// Somebody behind an actor or an author.
struct Person {
  std::string name;                 // of the first token, "ann"
  std::vector<std::string> groups;  // of all tokens in force; sorted, unique

  friend bool operator==(const Person&, const Person&) = default;
};

// The people whom the tokens file knows: it says which actors and which authors of commits are the
// same person, so that an approver can be told from an author. Tokens that share an identity are of
// one person. Immutable, thread-safe.
class People {
 public:
  // Nobody is told from anybody: a daemon without a tokens file.
  People() = default;
  explicit People(std::vector<KnownIdentity> known);

  bool told_apart() const { return told_apart_; }
  // The person who acts as "token:ann" or "user:ann"; none for actors whom no token in force names.
  std::optional<Person> OfActor(std::string_view actor, WallTime now) const;
  // The person behind "Ann Ash <ann@example.com>", by the address alone: the name in front of it is
  // whatever its writer liked. None when no token lists the address. Case of ASCII letters does not
  // matter.
  std::optional<Person> OfAuthor(std::string_view author, WallTime now) const;
  // The person with this identity, as the signers file of a source names it.
  std::optional<Person> OfIdentity(std::string_view identity, WallTime now) const;
  // Whether the actor's person is, or is in, one of these: names, identities or groups.
  bool Is(std::string_view actor, const std::vector<std::string>& any_of, WallTime now) const;

 private:
  struct Member {
    std::vector<std::string> names;  // lower case
    std::vector<KnownIdentity> tokens;
  };
  const Member* MemberOf(std::string_view name) const;
  std::optional<Person> Find(std::string_view name, WallTime now) const;

  bool told_apart_ = false;
  std::vector<Member> members_;
};

}  // namespace portolan::controller
