#include "controller/reconcile/people.h"

#include <algorithm>
#include <iterator>

namespace portolan::controller {
namespace {

std::string Folded(std::string_view text) {
  std::string folded(text);
  for (char& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return folded;
}

bool Overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::find_first_of(a, b) != a.end();
}

}  // namespace

People::People(std::vector<KnownIdentity> known) : told_apart_(true) {
  for (KnownIdentity& identity : known) {
    Member member;
    member.names.push_back(Folded(identity.actor));
    for (const std::string& name : identity.identities) member.names.push_back(Folded(name));
    member.tokens.push_back(std::move(identity));
    // Members are disjoint before and after: the new one takes in every other that it meets, so
    // that a token may join two people who were apart until then.
    for (auto other = members_.begin(); other != members_.end();) {
      if (!Overlap(other->names, member.names)) {
        ++other;
        continue;
      }
      std::ranges::move(member.names, std::back_inserter(other->names));
      std::ranges::move(member.tokens, std::back_inserter(other->tokens));
      member = std::move(*other);
      other = members_.erase(other);
    }
    members_.push_back(std::move(member));
  }
}

const People::Member* People::MemberOf(std::string_view name) const {
  const std::string wanted = Folded(name);
  for (const Member& member : members_)
    if (std::ranges::find(member.names, wanted) != member.names.end()) return &member;
  return nullptr;
}

std::optional<Person> People::Find(std::string_view name, WallTime now) const {
  const Member* member = MemberOf(name);
  if (member == nullptr) return std::nullopt;
  Person person;
  person.name = member->tokens.front().actor;
  person.name.erase(0, person.name.find(':') + 1);
  for (const KnownIdentity& token : member->tokens)
    if (!token.expires || now < *token.expires)
      person.groups.insert(person.groups.end(), token.groups.begin(), token.groups.end());
  std::ranges::sort(person.groups);
  const auto repeated = std::ranges::unique(person.groups);
  person.groups.erase(repeated.begin(), repeated.end());
  return person;
}

bool People::Is(std::string_view actor, const std::vector<std::string>& any_of,
                WallTime now) const {
  const auto person = OfActor(actor, now);
  if (!person) return false;
  const std::vector<std::string>& names = MemberOf(actor)->names;
  return std::ranges::any_of(any_of, [&](const std::string& wanted) {
    return wanted == person->name || std::ranges::find(names, Folded(wanted)) != names.end() ||
           std::ranges::find(person->groups, wanted) != person->groups.end();
  });
}

std::optional<Person> People::OfActor(std::string_view actor, WallTime now) const {
  const std::string wanted = Folded(actor);
  for (const Member& member : members_)
    for (const KnownIdentity& token : member.tokens) {
      const bool own = Folded(token.actor) == wanted ||
                       std::ranges::any_of(token.identities, [&](const std::string& identity) {
                         return Folded(identity) == wanted;
                       });
      if (own && (!token.expires || now < *token.expires)) return Find(actor, now);
    }
  return std::nullopt;
}

std::optional<Person> People::OfIdentity(std::string_view identity, WallTime now) const {
  return Find(identity, now);
}

std::optional<Person> People::OfAuthor(std::string_view author, WallTime now) const {
  const std::size_t open = author.rfind('<');
  const std::size_t close = author.rfind('>');
  if (open == author.npos || close == author.npos || close < open) return std::nullopt;
  return Find(author.substr(open + 1, close - open - 1), now);
}

}  // namespace portolan::controller
