#include "controller/reconcile/approvals.h"

#include <algorithm>

namespace portolan::controller {
namespace {

// An override serves one rollout: the one that started with it, while that is in flight.
bool InForce(const reconciler::Approval& approval, const reconciler::Rollout& rollout,
             WallTime now) {
  if (approval.rollout.empty()) return now - approval.at < kOverrideLife;
  return approval.rollout == rollout.id() && InFlight(rollout.phase);
}

Person PersonOf(const People& people, const std::string& actor, WallTime now) {
  if (!people.told_apart()) return {actor, {}};
  return *people.OfActor(actor, now);
}

// `role` is what the writer was, "author" or "signer"; `known` whom the tokens file finds by the
// name.
Status CheckWriter(const Person& approver, std::string_view role, const std::string& name,
                   const std::optional<Person>& known) {
  if (!known)
    return Error{ErrorCode::kDenied, "the " + std::string(role) + " \"" + name +
                                         "\" is no identity of the tokens file, so " +
                                         approver.name + " may be the " + std::string(role) +
                                         "; list the address with its token"};
  if (known->name != approver.name) return {};
  return Error{ErrorCode::kDenied, approver.name + (role == "author" ? " wrote" : " signed") +
                                       " the commit (" + name + "); somebody else must approve it"};
}

}  // namespace

Status CheckApprover(const People& people, std::string_view actor,
                     const reconciler::Writers& writers, WallTime now) {
  if (!people.told_apart()) return {};
  const auto approver = people.OfActor(actor, now);
  if (!approver)
    return Error{ErrorCode::kDenied, "an approval needs a person, and no token in force lists \"" +
                                         std::string(actor) + "\" among its identities"};
  for (const std::string& author : writers.authors)
    PORTOLAN_CHECK(CheckWriter(*approver, "author", author, people.OfAuthor(author, now)));
  for (const std::string& signer : writers.signers)
    PORTOLAN_CHECK(CheckWriter(*approver, "signer", signer, people.OfIdentity(signer, now)));
  return {};
}

Status CheckAnswerer(const People& people, const std::vector<std::string>& signers,
                     const reconciler::Writers& writers, WallTime now) {
  const auto is = [&](const std::string& signer, const std::string& name,
                      const std::optional<Person>& writer) {
    const auto person = people.OfIdentity(signer, now);
    return name == signer || name.ends_with("<" + signer + ">") ||
           (person && writer && person->name == writer->name);
  };
  const auto wrote = [&](const std::string& signer) {
    for (const std::string& author : writers.authors)
      if (is(signer, author, people.OfAuthor(author, now))) return true;
    for (const std::string& other : writers.signers)
      if (is(signer, other, people.OfIdentity(other, now))) return true;
    return false;
  };
  for (const std::string& signer : signers)
    if (wrote(signer))
      return Error{ErrorCode::kDenied, "the answer is signed by " + signer +
                                           ", who wrote the commit; somebody else must answer"};
  return {};
}

std::vector<const reconciler::Approval*> AnswersInForce(const reconciler::Rollout& rollout,
                                                        const Digest& plan, WallTime now) {
  std::vector<const reconciler::Approval*> answers;
  for (const reconciler::Approval& approval : rollout.approvals)
    if (approval.plan == plan && !approval.signature.empty() && InForce(approval, rollout, now))
      answers.push_back(&approval);
  return answers;
}

reconciler::Writers WritersOf(const reconciler::Target& target) {
  if (!target.writers.empty()) return target.writers;
  return {{target.version.revision.author}, {}};
}

CountedApprovals CountApprovals(const reconciler::Rollout& rollout, const ApprovablePlan& plan,
                                const People& people, WallTime now) {
  CountedApprovals counted;
  for (const reconciler::Approval& approval : rollout.approvals) {
    if (!approval.signature.empty() || approval.plan != plan.id ||
        !CheckApprover(people, approval.actor, plan.writers, now).ok())
      continue;
    const Person person = PersonOf(people, approval.actor, now);
    const bool known = std::ranges::any_of(
        counted.facts, [&](const auto& fact) { return fact.by == person.name; });
    if (!known)
      counted.facts.push_back({person.name, plan.id.ToString(), person.groups, approval.at});
    if (approval.policy.empty() || !InForce(approval, rollout, now)) continue;
    counted.overrides.push_back({approval.policy,
                                 plan.id,
                                 approval.policy_digest,
                                 {person.name, approval.reason},
                                 person.groups});
  }
  return counted;
}

}  // namespace portolan::controller
