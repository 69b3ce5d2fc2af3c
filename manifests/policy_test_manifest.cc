#include "manifests/policy_test_manifest.h"

#include "manifests/fields.h"

// Tests that stand apart from the policies they test: cases with the two sides of a plan, and what
// each policy should say of it.

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kPathBytes{1, 4'096};
constexpr Range<std::size_t> kCaseTextBytes{1, 5 * 1024};

Value ReadObject(const Field& field, Report& report) {
  Value object = Value::Object{};
  if (!field) return object;
  if (field.node->kind != Node::Kind::kMapping)
    report.Error(field, "expected an object, found " + Found(*field.node));
  else
    SetIf(object, ReadValue(field, report));
  return object;
}

std::optional<Reference> ReadReference(const Field& field, Report& report) {
  auto text = ReadString(field, kPathBytes, report);
  if (!text) return std::nullopt;
  return Reference{*std::move(text), field.node->position, field.path.ToString()};
}

PolicyTestSide DecodeSide(const Field& inline_entries, const Field& file, Report& report) {
  PolicyTestSide side;
  if (inline_entries && file) report.Error(file, "give either entries or a file");
  if (inline_entries) side.entries = ReadObject(inline_entries, report);
  side.file = ReadReference(file, report);
  return side;
}

void DecodeGiven(const Field& field, PolicyTestCase& test, Report& report) {
  if (!field) return;
  MappingDecoder given(field, report);
  test.vars = ReadObject(given.Take("vars"), report);
  const Field live = given.Take("live"), live_file = given.Take("livefile");
  test.live = DecodeSide(live, live_file, report);
  const Field desired = given.Take("desired"), desired_file = given.Take("desiredfile");
  test.desired = DecodeSide(desired, desired_file, report);
  SetIf(test.sensitive, ReadStrings(given.Take("sensitive"), kPathBytes, report));
  given.Finish();
  // A plan from something to nothing is a deletion of everything, which nobody means by leaving a
  // line out.
  if (test.live.given() && !test.desired.given())
    report.Error(field, "live without desired", "a plan needs both sides; desired: {} is no entry");
}

void DecodeExpect(const Field& field, PolicyTestCase& test, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kMapping || field.node->members.empty()) {
    report.Error(field,
                 "expected an object such as {my-policy: deny}, found " + Found(*field.node));
    return;
  }
  for (const Node::Member& member : field.node->members) {
    const Field value{&member.value, field.path.Member(member.key)};
    if (auto expect = ReadChoice(value, kPolicyExpectNames, report))
      test.expect.push_back({Reference{member.key, member.position, value.path.ToString()},
                             static_cast<PolicyExpect>(*expect)});
  }
}

PolicyTestCase DecodeTestCase(const Field& field, std::size_t number, Report& report) {
  PolicyTestCase test;
  test.position = field.node->position;
  test.name = "case " + std::to_string(number);
  MappingDecoder decoder(field, report);
  SetIf(test.name, ReadString(decoder.Take("name"), kCaseTextBytes, report));
  DecodeGiven(decoder.Take("given"), test, report);
  DecodeExpect(decoder.Require("expect"), test, report);
  test.message = ReadString(decoder.Take("message"), kCaseTextBytes, report);
  decoder.Finish();
  return test;
}

void DecodePolicies(const Field& field, PolicyTest& test, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence) {
    report.Error(field, "expected a list of files, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i)
    if (auto reference = ReadReference(field.Item(i), report))
      test.policies.push_back(*std::move(reference));
}

}  // namespace

PolicyTest DecodePolicyTest(const Envelope& envelope, Report& report) {
  PolicyTest test;
  test.name = envelope.name;
  test.file = report.file();
  test.position = envelope.position;
  const FieldPath root;
  MappingDecoder decoder({envelope.spec, root.Member("spec")}, report);
  DecodePolicies(decoder.Take("policies"), test, report);
  test.defaults = ReadObject(decoder.Take("defaults"), report);
  const Field cases = decoder.Require("cases");
  if (cases && (cases.node->kind != Node::Kind::kSequence || cases.node->items.empty() ||
                cases.node->items.size() > kPolicyTestsMax)) {
    report.Error(cases, "expected a list of 1 to " + std::to_string(kPolicyTestsMax) +
                            " cases, found " + Found(*cases.node));
  } else if (cases) {
    for (std::size_t i = 0; i < cases.node->items.size(); ++i)
      test.cases.push_back(DecodeTestCase(cases.Item(i), i + 1, report));
  }
  decoder.Finish();
  return test;
}

}  // namespace portolan::manifests
