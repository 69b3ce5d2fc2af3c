#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr char kFile[] = "maps/limits.yaml";
constexpr char kHead[] = R"(apiVersion: portolan/v1
kind: Map
metadata: {name: limits}
spec:
  schema: {type: object, required: [rps], properties: {rps: {type: integer, minimum: 1}, note: {type: string}}}
  rollout: {strategy: quick}
  entries:
    api/login: {rps: 20, note: "for people"}
    api/search: {rps: 200, note: "for all"}
)";

// A commit that must not reach clients, and how it says where it is wrong.
struct BadCommit {
  std::string what;
  std::function<void(Rig&)> apply;
  std::string says;  // begins a diagnostic, or is in the message of the source or the map
  std::string also = "";
};

std::function<void(Rig&)> Edit(const std::string& from, const std::string& to) {
  return [=](Rig& rig) { Must(rig.workshop().Edit(kFile, from, to)); };
}

void WriteLimits(Rig& rig, int keys) {
  std::string text = kHead;
  for (int key = 0; key < keys; ++key) text += "    route/" + std::to_string(key) + ": {rps: 5}\n";
  Must(rig.workshop().Write(kFile, text));
}

void AliasAnEntry(Rig& rig) {
  Must(rig.workshop().Edit(kFile, "api/login: {", "api/login: &login {"));
  Must(rig.workshop().Edit(kFile, "{rps: 200, note: \"for all\"}", "*login"));
}

void SwallowKeys(Rig& rig) {
  Must(rig.workshop().Edit(kFile, "\"for people\"", "\"for people"));
  Must(rig.workshop().Edit(kFile, "\"for all\"", "for all"));
  Must(rig.workshop().Edit(kFile, "route/199: {rps: 5}", "route/199: {rps: 5, note: the end\"}"));
}

void EmptyMap(Rig& rig) {
  const std::string head = kHead;
  Must(rig.workshop().Write(kFile, head.substr(0, head.find("  entries:")) + "  entries: {}\n"));
}

void LinkEntries(Rig& rig) {
  Must(rig.workshop().Write("outside.txt", "a: {rps: 1}\n"));
  std::filesystem::create_symlink("../outside.txt", rig.workshop().repository() / "maps/more.yaml");
  Must(rig.workshop().Edit(kFile, "  entries:\n", "  entriesFrom: [more.yaml]\n  entries:\n"));
}

std::vector<BadCommit> BadCommits() {
  return {
      {"a value against the schema", Edit("rps: 200", "rps: 20/s"), "maps/limits.yaml:9:"},
      {"an unknown field", Edit("  entries:\n", "  entires:\n"), "maps/limits.yaml:7:"},
      {"a key twice", Edit("api/search", "api/login"), "maps/limits.yaml:9:"},
      {"a YAML alias", AliasAnEntry, "maps/limits.yaml:8:"},
      {"a missing closing quote", Edit("\"for people\"", "\"for people"),
       "maps/limits.yaml:8:", "no map counts as removed"},
      {"a quote that swallows the keys up to the next one", SwallowKeys, "maps/limits.yaml:8:"},
      {"most keys deleted", [](Rig& rig) { WriteLimits(rig, 0); }, "mass-delete-guard"},
      {"every entry deleted", EmptyMap, "empty-map"},
      {"null for a value", Edit("{rps: 200, note: \"for all\"}", "null"), "maps/limits.yaml:9:"},
      {"entriesFrom that matches nothing",
       Edit("  entries:\n", "  entriesFrom: [nosuch/*.yaml]\n  entries:\n"), "maps/limits.yaml:7:"},
      {"a strategy that does not exist", Edit("strategy: quick", "strategy: quikc"),
       "maps/limits.yaml:6:"},
      {"an entry file that is a symbolic link", LinkEntries, "maps/"},
      {"all maps deleted",
       [](Rig& rig) {
         rig.Git({"rm", "-q", "-r", "maps"});
       },
       "EmptySource"},
  };
}

// Everything that a person can read of it, line by line.
std::vector<std::string> Sayings(Rig& rig, const Value& source) {
  const Value condition = At(source, "conditions").as_array().at(0);
  std::vector<std::string> lines = {"source: " + TextAt(condition, "reason") + ": " +
                                    TextAt(condition, "message")};
  const Value::Array rejected = At(source, "rejected").as_array();
  for (const Value& line : rejected) lines.push_back(line.as_string());
  const Value status = rig.MapStatus(kMap);
  lines.push_back("map: " + TextAt(status, "phase") + " " + TextAt(status, "reason") + ": " +
                  TextAt(status, "message"));
  return lines;
}

bool Says(const std::vector<std::string>& lines, const std::string& wanted) {
  for (const std::string& line : lines) {
    const bool place = wanted.starts_with("maps/");
    if (place ? line.starts_with(wanted) : line.find(wanted) != std::string::npos) return true;
  }
  return false;
}

TEST(RejectedCommits, EachSaysWhereItIsWrongAndNothingThatIsServedMoves) {
  Rig rig;
  WriteLimits(rig, 200);
  Must(rig.workshop().Commit("Good"));
  rig.Start();
  rig.Sync();
  const std::string good = TextAt(rig.AwaitPhase(kMap, "Healthy"), "stable.digest");
  for (const BadCommit& bad : BadCommits()) {
    SCOPED_TRACE(bad.what);
    bad.apply(rig);
    const Value source = rig.Commit(bad.what);
    const std::vector<std::string> lines = Sayings(rig, source);
    std::cout << "\n" << bad.what << "\n";
    for (const std::string& line : lines) std::cout << "    " << line << "\n";
    EXPECT_TRUE(Says(lines, bad.says)) << "expected " << bad.says;
    EXPECT_TRUE(Says(lines, bad.also)) << "expected " << bad.also;
    EXPECT_EQ(rig.Served(kMap), good);
    EXPECT_EQ(rig.Served(kMap, "?arm=canary"), "not_found");
    rig.Git({"revert", "--no-commit", "HEAD"});
    rig.Commit("Back");
    const Value status = rig.AwaitPhase(kMap, "Healthy");
    EXPECT_EQ(TextAt(status, "stable.digest"), good);
  }
  std::cout << std::endl;
}

}  // namespace
}  // namespace portolan::e2e
