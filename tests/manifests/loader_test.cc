#include "manifests/loader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "manifests/directory_artifact.h"
#include "mapcore/base/random.h"
#include "tests/manifests/load_fixture.h"
#include "tests/source_tree.h"

namespace portolan::manifests {
namespace {

DesiredState LoadOf(const MemorySource& source) {
  Loader loader;
  auto state = loader.Load(source.Get());
  EXPECT_TRUE(state.ok());
  return *std::move(state);
}

std::string Text(const DesiredState& state) {
  return FormatDiagnostics(state.diagnostics);
}

std::string Reasons(const DesiredState& state, const std::string& map) {
  const auto found = state.rejected.find(map);
  return found == state.rejected.end() ? "" : FormatDiagnostics(found->second);
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::string kLimits =
    Manifest("Map", "limits", "  entries: {a: 1, b: {x: 2.0, y: [true]}}\n");

TEST(Loader, GivesCanonicalEntriesOfAMap) {
  const DesiredState state = LoadOf(MemorySource({{"maps/limits.yaml", kLimits}}));
  EXPECT_EQ(Text(state), "");
  EXPECT_FALSE(state.incomplete);
  ASSERT_EQ(state.maps.size(), 1u);
  const DesiredMap& map = *state.maps.at("limits");
  EXPECT_EQ(map.file, "maps/limits.yaml");
  EXPECT_EQ(map.salt, "limits");
  EXPECT_EQ(map.strategy.name, "default");
  EXPECT_EQ(map.version->Find("a"), "1");
  EXPECT_EQ(map.version->Find("b"), R"({"x":2,"y":[true]})");
  EXPECT_EQ(state.revision.ToString(), "main@sha1:" + std::string(40, 'a'));
}

TEST(Loader, ReadsTheExamplesWithoutDiagnostics) {
  auto artifact = ReadDirectory(SourceTree() / "examples");
  ASSERT_TRUE(artifact.ok()) << artifact.error().message;
  Loader loader;
  auto state = loader.Load(*artifact);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(Text(*state), "");
  EXPECT_FALSE(state->incomplete);
  ASSERT_EQ(state->maps.size(), 2u);
  EXPECT_GE(state->maps.at("rate-limits")->version->size(), 240u);
  EXPECT_EQ(state->maps.at("rate-limits")->strategy.name, "demo");
  EXPECT_EQ(state->maps.at("rate-limits")->strategy.analysis.at(0).metrics.at(0).bad, "errors");
  EXPECT_EQ(state->maps.at("feature-flags")->strategy.steps.size(), 5u);
}

TEST(Loader, SaysWhereAValueBreaksItsSchema) {
  const MemorySource source({{"maps/rate-limits.yaml", Manifest("Map", "rate-limits", R"(  schema:
    type: object
    properties: {rps: {type: integer, minimum: 1, maximum: 100000}}
  entries:
    api/login: {rps: 20/s}
    api/token: {rps: 200000}
)")}});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(Text(state),
            "maps/rate-limits.yaml:9:22: spec.entries.\"api/login\".rps: expected an integer from "
            "1 to 100000, "
            "found \"20/s\"\n"
            "maps/rate-limits.yaml:10:22: spec.entries.\"api/token\".rps: expected an integer from "
            "1 to 100000, "
            "found 200000\n");
  EXPECT_TRUE(state.maps.empty());
  EXPECT_EQ(Reasons(state, "rate-limits"), Text(state));
}

TEST(Loader, KeepsOtherMapsWhenOneIsBad) {
  const MemorySource source(
      {{"a.yaml", Manifest("Map", "bad", "  entries: {a: 1}\n  entires: {}\n")},
       {"b.yaml", Manifest("Map", "good", "  entries: {a: 1}\n")}});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(Text(state), "a.yaml:6:3: unknown field \"spec.entires\"; did you mean \"entries\"?\n");
  EXPECT_TRUE(state.maps.contains("good"));
  EXPECT_TRUE(state.rejected.contains("bad"));
  EXPECT_FALSE(state.incomplete);
}

TEST(Loader, RejectsEveryMapThatDependsOnABadStrategy) {
  MemorySource source(
      {{"s.yaml", Manifest("RolloutStrategy", "slow", "  steps: [{setWeight: 5%}]\n")},
       {"a.yaml", Manifest("Map", "a", "  rollout: {strategy: slow}\n  entries: {}\n")},
       {"b.yaml", Manifest("Map", "b", "  entries: {}\n")}});
  const DesiredState state = LoadOf(source);
  EXPECT_TRUE(Contains(Reasons(state, "a"), "RolloutStrategy \"slow\" has errors")) << Text(state);
  EXPECT_TRUE(Contains(Reasons(state, "a"), "the last weight must be 100%"));
  EXPECT_TRUE(state.maps.contains("b"));
  EXPECT_FALSE(state.incomplete);
}

TEST(Loader, RejectsAMapWithADanglingReference) {
  MemorySource source(
      {{"s.yaml", Manifest("RolloutStrategy", "cautious",
                           "  steps: [{setWeight: 100%}]\n  analysis: [{template: errorz}]\n")},
       {"t.yaml",
        Manifest("AnalysisTemplate", "errors", "  metrics: [{name: m, reports: {bad: errors}}]\n")},
       {"a.yaml", Manifest("Map", "a", "  rollout: {strategy: cautios}\n  entries: {}\n")},
       {"b.yaml", Manifest("Map", "b", "  rollout: {strategy: cautious}\n  entries: {}\n")}});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(Reasons(state, "a"),
            "a.yaml:5:23: spec.rollout.strategy: no RolloutStrategy named \"cautios\"; "
            "did you mean \"cautious\"?\n");
  EXPECT_TRUE(Contains(Reasons(state, "b"),
                       "no AnalysisTemplate named \"errorz\"; did you mean \"errors\"?"));
  EXPECT_TRUE(state.maps.empty());
}

TEST(Loader, ResolvesStrategiesWithTheirTemplates) {
  MemorySource source(
      {{"all.yaml",
        Manifest("AnalysisTemplate", "errors", "  metrics: [{name: m, reports: {bad: oops}}]\n") +
            "---\n" +
            Manifest(
                "RolloutStrategy", "s",
                "  steps: [{setWeight: 5%}, {analysis: {template: errors}}, {setWeight: 100%}]\n") +
            "---\n" + Manifest("Map", "a", "  rollout: {strategy: s}\n  entries: {}\n") + "---\n" +
            Manifest("Map", "b",
                     "  rollout: {strategy: {steps: [{setWeight: 100%}]}}\n  entries: {}\n")}});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(Text(state), "");
  EXPECT_EQ(state.maps.at("a")->strategy.steps.at(0).analysis.at(0).metrics.at(0).bad, "oops");
  EXPECT_EQ(state.maps.at("b")->strategy.name, "inline");
  EXPECT_EQ(state.maps.at("b")->strategy.steps.size(), 1u);
}

TEST(Loader, TakesAStrategyNamedDefaultInPlaceOfTheBuiltIn) {
  MemorySource source(
      {{"s.yaml", Manifest("RolloutStrategy", "default", "  steps: [{setWeight: 100%}]\n")},
       {"a.yaml", Manifest("Map", "a", "  entries: {}\n")}});
  EXPECT_EQ(LoadOf(source).maps.at("a")->strategy.steps.size(), 1u);
}

TEST(Loader, NamesBothPlacesOfADuplicateMap) {
  MemorySource source({{"a.yaml", kLimits}, {"b.yaml", kLimits}});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(Text(state),
            "a.yaml:3:18: Map \"limits\" is declared twice, also at b.yaml:3:18\n"
            "b.yaml:3:18: Map \"limits\" is declared twice, also at a.yaml:3:18\n");
  EXPECT_TRUE(state.maps.empty());
  EXPECT_TRUE(state.rejected.contains("limits"));
}

TEST(Loader, JoinsEntriesOfFilesRelativeToTheManifest) {
  MemorySource source(
      {{"maps/m.yaml",
        Manifest("Map", "m", "  entriesFrom: [more/*.yaml, ../one.json]\n  entries: {a: 1}\n")},
       {"maps/more/b.yaml", "b: 2\n"},
       {"maps/more/c.yaml", "c: 3\n"},
       {"maps/more/deep/d.json", "{\"d\": 4}"},
       {"one.json", "{\"e\": 5}"}});
  DesiredState state = LoadOf(source);
  EXPECT_EQ(state.maps.at("m")->version->size(), 4u);
  EXPECT_FALSE(state.maps.at("m")->version->Find("d").has_value());
  EXPECT_TRUE(Contains(Text(state), "maps/more/deep/d.json:1:1: no manifest")) << Text(state);
}

// Of a JSON file that two maps name, by rules of their own; one manifest is JSON itself, and only
// known when its neighbours were read.
TEST(Loader, ChecksAnEntryFileForEachMapThatNamesIt) {
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [\"e/*.json\"]\n")},
       {"n.yaml", Manifest("Map", "n", "  schema: {type: integer}\n  entriesFrom: [e/a.json]\n")},
       {"o.json",
        R"({"apiVersion": "portolan/v1", "kind": "Map", "metadata": {"name": "o"},
            "spec": {"entriesFrom": ["e/a.json", "e/b.json"]}})"},
       {"e/a.json", R"({"a": "text"})"},
       {"e/b.json", R"({"b": 2})"}});
  Loader loader;
  const Artifact artifact = source.Get();
  const DesiredState state = *loader.Load(artifact);
  EXPECT_EQ(state.maps.at("m")->version->size(), 2u) << Text(state);
  EXPECT_EQ(state.maps.at("o")->version->Find("a"), "\"text\"");
  EXPECT_TRUE(Contains(Reasons(state, "n"), "e/a.json:1:7")) << Reasons(state, "n");
  EXPECT_FALSE(state.maps.contains("n"));
}

TEST(Loader, ReadsAnEntryFileThatChangedOnceForAllOfItsMaps) {
  MemorySource source({{"m.yaml", Manifest("Map", "m", "  entriesFrom: [e.json]\n")},
                       {"n.yaml", Manifest("Map", "n", "  entriesFrom: [e.json]\n")},
                       {"e.json", R"({"a": 1})"}});
  Loader loader;
  ASSERT_TRUE(loader.Load(source.Get()).ok());
  EXPECT_EQ(source.reads(), 3);
  source["e.json"] = R"({"a": 2})";
  const DesiredState state = *loader.Load(source.Get());
  EXPECT_EQ(source.reads(), 4);
  EXPECT_EQ(state.maps.at("m")->version->Find("a"), "2");
  EXPECT_EQ(state.maps.at("n")->version->Find("a"), "2");
}

TEST(Loader, NamesBothPlacesOfADuplicateKey) {
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [e.json]\n  entries: {a: 1}\n")},
       {"e.json", "{\"b\": 1,\n \"a\": 2}"}});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(Reasons(state, "m"),
            "e.json:2:2: duplicate key \"a\" of map \"m\", first at m.yaml:6:13\n");
}

TEST(Loader, RejectsOnlyTheMapOfABadEntryFile) {
  MemorySource source({{"m.yaml", Manifest("Map", "m", "  entriesFrom: [e.yaml]\n")},
                       {"n.yaml", Manifest("Map", "n", "  entries: {}\n")},
                       {"e.yaml", "a: [1\n"}});
  const DesiredState state = LoadOf(source);
  EXPECT_TRUE(state.rejected.contains("m"));
  EXPECT_TRUE(state.maps.contains("n"));
  EXPECT_FALSE(state.incomplete) << Text(state);
}

TEST(Loader, RejectsAMapWhoseGlobMatchesNothing) {
  MemorySource source({{"m.yaml", Manifest("Map", "m", "  entriesFrom: [more/*.yaml]\n")}});
  EXPECT_EQ(Reasons(LoadOf(source), "m"),
            "m.yaml:5:17: spec.entriesFrom[0]: \"more/*.yaml\" matches no file\n");
}

TEST(Loader, RefusesAManifestAsEntries) {
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [\"*.yaml\"]\n")}, {"n.yaml", kLimits}});
  const DesiredState state = LoadOf(source);
  EXPECT_TRUE(Contains(Reasons(state, "m"), "entriesFrom names \"n.yaml\", which is a manifest"));
  EXPECT_TRUE(state.maps.contains("limits"));
}

TEST(Loader, IsIncompleteWhenAManifestCannotBeRead) {
  MemorySource source({{"good.yaml", kLimits},
                       {"bad.yaml", "apiVersion: portolan/v1\nkind: [\n"},
                       {"loose.json", "{\"a\": 1}"}});
  const DesiredState state = LoadOf(source);
  EXPECT_TRUE(state.incomplete);
  EXPECT_TRUE(state.maps.contains("limits"));
  // The map that names loose.json may be the unreadable one: no second error.
  EXPECT_FALSE(Contains(Text(state), "loose.json")) << Text(state);
}

TEST(Loader, IsIncompleteWhenKindOrNameCannotBeKnown) {
  for (const std::string& text :
       {Manifest("Mapp", "a", "  entries: {}\n"), Manifest("Map", "Not_A_Name", "  entries: {}\n"),
        std::string("kind: Map\nmetadata: {}\n"), std::string("a: 1\n"), std::string("# nothing\n"),
        std::string("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")}) {
    const DesiredState state = LoadOf(MemorySource({{"a.yaml", text}, {"limits.yaml", kLimits}}));
    EXPECT_TRUE(state.incomplete) << text;
    EXPECT_FALSE(state.diagnostics.empty()) << text;
  }
}

TEST(Loader, IsCompleteWhenOnlyARecipeHasNoName) {
  const DesiredState state = LoadOf(MemorySource(
      {{"a.yaml", Manifest("Target", "a", "  rule: x\n")},
       {"b.yaml", "apiVersion: portolan/v1\nkind: RolloutStrategy\nmetadata: {}\nspec: {}\n"}}));
  EXPECT_FALSE(state.incomplete) << Text(state);
  EXPECT_EQ(state.diagnostics.size(), 2u) << Text(state);
}

TEST(Loader, AttributesADamagedManifestToItsMap) {
  const DesiredState state =
      LoadOf(MemorySource({{"a.yaml", Manifest("Map", "a", "  entries: {x: 1, x: 2}\n")}}));
  EXPECT_TRUE(Contains(Reasons(state, "a"), "duplicate key")) << Text(state);
  EXPECT_FALSE(state.incomplete);
}

TEST(Loader, TurnsRefusalsIntoErrorsOfTheMapOrTheCommit) {
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [e.json]\n")}, {"n.yaml", kLimits}});
  source.Refuse({"e.json", "LfsPointer", "the file is a Git LFS pointer"});
  source.Refuse({"logo.png", "LfsPointer", "the file is a Git LFS pointer"});
  DesiredState state = LoadOf(source);
  EXPECT_TRUE(Contains(Reasons(state, "m"), "e.json: the file is a Git LFS pointer (LfsPointer)"));
  EXPECT_FALSE(state.incomplete);
  EXPECT_TRUE(Contains(Text(state), "logo.png")) << Text(state);

  source.Refuse({"maps", "SymlinkRefused", "symbolic links are not followed"});
  state = LoadOf(source);
  EXPECT_TRUE(state.incomplete);
  EXPECT_TRUE(state.maps.contains("limits"));
}

TEST(Loader, RejectsAMapWhoseEntriesAreBehindASymlinkedFolder) {
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [more/*.yaml, more/e.json]\n")}});
  source.Refuse({"more", "SymlinkRefused", "symbolic links are not followed"});
  const DesiredState state = LoadOf(source);
  EXPECT_EQ(state.rejected.at("m").size(), 2u) << Text(state);
  EXPECT_FALSE(state.incomplete);
}

TEST(Loader, SaysThatAPathHoldsNoManifests) {
  const DesiredState state =
      LoadOf(MemorySource({{"README.md", "hello"}, {".github/ci.yaml", "on: push\n"}}));
  EXPECT_FALSE(state.incomplete);
  EXPECT_TRUE(state.maps.empty());
  EXPECT_TRUE(Contains(Text(state), "holds no manifests"));
}

TEST(Loader, FailsWhenAFileCannotBeReadNow) {
  Artifact artifact = MemorySource({{"a.yaml", kLimits}}).Get();
  artifact.read = [](const ArtifactFile&) -> Result<std::string> {
    return Error{ErrorCode::kUnavailable, "gone"};
  };
  Loader loader;
  const auto state = loader.Load(artifact);
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().code, ErrorCode::kUnavailable);
}

TEST(Loader, ConcludesNothingFromASourceOverItsLimit) {
  Loader loader({.file_bytes = 1000, .source_bytes = 100});
  const auto state = loader.Load(MemorySource({{"a.yaml", kLimits}, {"b.yaml", kLimits}}).Get());
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->incomplete);
  EXPECT_TRUE(state->maps.empty());
}

TEST(Loader, RefusesAFileOverItsLimit) {
  Loader loader({.file_bytes = 100, .source_bytes = 10'000});
  MemorySource source({{"a.yaml", kLimits}});
  source["big.yaml"] =
      Manifest("Map", "big", "  entries: {a: \"" + std::string(200, 'x') + "\"}\n");
  const auto state = loader.Load(source.Get());
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->incomplete);
  EXPECT_TRUE(Contains(Text(*state), "big.yaml: the file has")) << Text(*state);
}

TEST(Loader, ForgetsAStrategyThatLeftTheSource) {
  MemorySource source(
      {{"s.yaml", Manifest("RolloutStrategy", "s", "  steps: [{setWeight: 100%}]\n")},
       {"a.yaml", Manifest("Map", "a", "  rollout: {strategy: s}\n  entries: {}\n")}});
  Loader loader;
  ASSERT_TRUE(loader.Load(source.Get())->maps.contains("a"));
  source.Erase("s.yaml");
  EXPECT_TRUE(loader.Load(source.Get())->rejected.contains("a"));
}

TEST(Loader, SeesAStrategyThatChanged) {
  MemorySource source(
      {{"s.yaml", Manifest("RolloutStrategy", "s", "  steps: [{setWeight: 100%}]\n")},
       {"a.yaml", Manifest("Map", "a", "  rollout: {strategy: s}\n  entries: {}\n")}});
  Loader loader;
  const auto before = loader.Load(source.Get())->maps.at("a");
  source["s.yaml"] =
      Manifest("RolloutStrategy", "s", "  steps: [{setWeight: 5%}, {setWeight: 100%}]\n");
  const auto after = loader.Load(source.Get())->maps.at("a");
  EXPECT_EQ(before->strategy.steps.size(), 1u);
  EXPECT_EQ(after->strategy.steps.size(), 2u);
  EXPECT_EQ(before->version, after->version);
}

TEST(Loader, ChecksEntryFilesAgainWhenTheSchemaChanged) {
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [e.json]\n")}, {"e.json", "{\"a\": 1}"}});
  Loader loader;
  ASSERT_TRUE(loader.Load(source.Get())->maps.contains("m"));
  source["m.yaml"] = Manifest("Map", "m", "  schema: {type: string}\n  entriesFrom: [e.json]\n");
  EXPECT_EQ(Reasons(*loader.Load(source.Get()), "m"),
            "e.json:1:7: a: expected a string, found 1\n");
}

// Golden vectors of docs/manifest-spec.md, computed there by another program.
TEST(Loader, GivesTheDigestsOfTheSpecification) {
  const std::pair<const char*, const char*> vectors[] = {
      {"{}", "b3c264756a0aef691751b9806bf3f849c7c6dd72ba2117c7527994c26b6b1b05"},
      {"{a: 1}", "07e142e629399e45b6c1dac925d320208f88398473e015881633c8a98ef4a8cb"},
      {"{b: {y: [true], x: 2.0}, a: 1}",
       "382f847dda85dca77651a639f45ec347084949a2ef7b0af20bd6983ff72f62fc"},
      {"{z: 0.5, \"é\": ü}", "67317a78663993838d494f5dafa77156fe19bdc1eae073d7758d637ce418e8d7"}};
  for (const auto& [entries, digest] : vectors) {
    const DesiredState state = LoadOf(MemorySource(
        {{"m.yaml", Manifest("Map", "m", "  entries: " + std::string(entries) + "\n")}}));
    ASSERT_TRUE(state.maps.contains("m")) << Text(state);
    EXPECT_EQ(state.maps.at("m")->version->digest().Hex(), digest) << entries;
  }
}

TEST(Loader, GivesTheSameAfterAnyChangesAsAFreshOne) {
  const std::uint64_t seed = 20261121;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  MemorySource source(
      {{"m.yaml", Manifest("Map", "m", "  entriesFrom: [\"e/*.yaml\"]\n  entries: {k0: 0}\n")},
       {"e/keep.yaml", "{}\n"}});
  Loader warm;
  int accepted = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string path = "e/" + std::to_string(random.Below(6)) + ".yaml";
    std::string text = "{}\n";
    // Keys overlap between files: some rounds are rejected for a duplicate.
    const std::uint64_t base = random.Below(30);
    for (std::uint64_t i = 0; i < random.Below(4); ++i) {
      if (i == 0) text.clear();
      text += "k" + std::to_string(base + i) + ": " + std::to_string(random.Below(3)) + "\n";
    }
    source[path] = text;
    if (random.Below(5) == 0) source.Erase(path);
    const DesiredState fresh = LoadOf(source);
    const DesiredState state = *warm.Load(source.Get());
    ASSERT_EQ(Text(state), Text(fresh)) << "round " << round;
    ASSERT_EQ(state.maps.contains("m"), fresh.maps.contains("m")) << "round " << round;
    if (!fresh.maps.contains("m")) continue;
    ++accepted;
    ASSERT_EQ(state.maps.at("m")->version->digest(), fresh.maps.at("m")->version->digest())
        << "round " << round;
  }
  EXPECT_GT(accepted, 20);
  EXPECT_LT(accepted, 300);
}

// The second load must not depend on how many files there are, only on how many changed.
template <typename Change>
void ExpectOnlyTheChangeIsRead(MemorySource& source, Change change) {
  Loader loader;
  const Artifact first = source.Get();
  ASSERT_EQ(Text(*loader.Load(first)), "");
  EXPECT_EQ(source.reads(), static_cast<int>(first.files.size()));
  change(source);
  const Artifact second = source.Get();
  for (const Artifact* artifact : {&second, &first, &second}) {
    const int before = source.reads();
    EXPECT_EQ(Text(*loader.Load(*artifact)), "");
    EXPECT_EQ(source.reads(), before + 1);
  }
}

TEST(Loader, ReadsOneOfFiveThousandMapsAgainWhenOneChanged) {
  MemorySource source;
  const auto manifest = [](int i, int value) {
    return Manifest(
        "Map", "m" + std::to_string(i),
        "  schema: {type: object, properties: {x: {type: integer}}}\n  entries:\n    a: {x: " +
            std::to_string(value) + "}\n    b: {x: 2}\n    c: {x: 3}\n");
  };
  for (int i = 0; i < 5'000; ++i) source["maps/" + std::to_string(i) + ".yaml"] = manifest(i, 1);
  ExpectOnlyTheChangeIsRead(source, [&](MemorySource& s) { s["maps/77.yaml"] = manifest(77, 9); });
}

TEST(Loader, ReadsOneOfFiveThousandEntryFilesAgainWhenOneChanged) {
  MemorySource source({{"m.yaml", Manifest("Map", "m", "  entriesFrom: [\"e/*.yaml\"]\n")}});
  const auto entries = [](int i, int value) {
    std::string text;
    for (int k = 0; k < 4; ++k)
      text += "k" + std::to_string(i) + "-" + std::to_string(k) +
              ": {rps: " + std::to_string(value) + ", burst: 400, scope: tenant}\n";
    return text;
  };
  for (int i = 0; i < 5'000; ++i) source["e/" + std::to_string(i) + ".yaml"] = entries(i, 1);
  ExpectOnlyTheChangeIsRead(source, [&](MemorySource& s) { s["e/77.yaml"] = entries(77, 9); });
}

}  // namespace
}  // namespace portolan::manifests
