#include "manifests/loader.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "manifests/group_builder.h"
#include "manifests/map_builder.h"
#include "manifests/policy_set_builder.h"
#include "manifests/scalar.h"
#include "manifests/source_index.h"
#include "manifests/source_path.h"

// A load in steps: every file is classified (a manifest, or what may be entries), then maps name
// their entry files, then each map is built from its declaration, its strategy and its files.
// Nothing is concluded from a step that is not complete: a file that cannot be read may declare
// any map, so the commit is `incomplete` and no map counts as removed.
//
// What makes a commit cheap is identity: a file's decoded form is kept by path and object id, and
// a map is built anew only when its inputs are other objects than last time (MapInputs::SameAs).
// So a load of an unchanged commit compares pointers, and one changed entry file costs the check
// of that file and the changes of one map.

namespace portolan::manifests {
namespace {

// Text kept parsed between classifying a file and checking it as entries; beyond it files are read
// a second time.
constexpr std::size_t kKeptTextBytes = 64u << 20;

template <typename Map>
void DropOlder(Map& cached, std::uint64_t load) {
  std::erase_if(cached, [&](const auto& entry) { return entry.second.load != load; });
}

void AppendAll(std::vector<Diagnostic>& target, const std::vector<Diagnostic>& more) {
  target.insert(target.end(), more.begin(), more.end());
}

// Sorted; the same thing said twice (a strategy that two maps name) is said once.
void SortUnique(std::vector<Diagnostic>& diagnostics) {
  SortDiagnostics(diagnostics);
  const auto key = [](const Diagnostic& d) {
    return std::tie(d.file, d.position.line, d.position.column, d.field, d.message);
  };
  const auto end =
      std::unique(diagnostics.begin(), diagnostics.end(),
                  [&](const Diagnostic& a, const Diagnostic& b) { return key(a) == key(b); });
  diagnostics.erase(end, diagnostics.end());
}

}  // namespace

// What earlier loads learned, by path and content.
struct Loader::Cache {
  // A path has one cached file, and not a content: two copies of a file are two sources of
  // positions.
  struct File {
    std::string oid;
    std::shared_ptr<const ManifestFile> file;
    std::uint64_t load = 0;  // that saw it last
  };
  struct Map {
    BuiltMap built;
    std::uint64_t load = 0;
  };
  std::unordered_map<std::string, File> files;
  std::unordered_map<std::string, Map> maps;
  std::uint64_t load = 0;  // counts loads
};

// One load: the artifact, and what is known of it so far.
class Loader::Run {
 public:
  Run(const Artifact& artifact, Loader& loader)
      : artifact_(artifact),
        limits_(loader.limits_),
        check_(loader.check_),
        cache_(*loader.cache_),
        load_(++cache_.load),
        index_(artifact, limits_.file_bytes) {}

  Result<DesiredState> Execute() {
    state_.revision = artifact_.revision;
    candidates_ = index_.Candidates();
    // The sum of sizes that the tree tells, before a byte is read.
    if (!CheckSize()) return Finish();
    PORTOLAN_CHECK(ReadFiles());
    NameEntryFiles();
    CollectFileDiagnostics();
    AppendAll(state_.diagnostics, declarations_.RecipeDiagnostics());
    PORTOLAN_CHECK(BuildMaps());
    BuildGroups(declarations_, state_);
    PORTOLAN_CHECK(BuildPolicies());
    // Only after everything was read: a load that fails half-way leaves the cache for the next
    // one.
    DropOlder(cache_.files, load_);
    DropOlder(cache_.maps, load_);
    return Finish();
  }

 private:
  Result<DesiredState> Finish() {
    AppendAll(state_.diagnostics, index_.OtherRefusals());
    state_.incomplete |= index_.RefusalsMayHideMaps();
    state_.policies.incomplete |= index_.RefusalsMayHideMaps();
    state_.groups_incomplete |= index_.RefusalsMayHideMaps();
    if (candidates_.empty() && !state_.incomplete)
      Complain("this path of the source holds no manifests",
               "expected *.yaml, *.yml or *.json files");
    SortUnique(state_.diagnostics);
    return std::move(state_);
  }

  void Complain(std::string message, std::string hint) {
    state_.diagnostics.push_back(ErrorAt("", {}, std::move(message), std::move(hint)));
  }

  // Of candidates only: other files of the folder cost nothing.
  bool CheckSize() {
    std::size_t bytes = 0;
    for (const ArtifactFile* file : candidates_) bytes += file->size;
    if (bytes <= limits_.source_bytes) return true;
    Complain("the files of this source have " + std::to_string(bytes) + " bytes; at most " +
                 std::to_string(limits_.source_bytes) + " are read",
             "split the source");
    state_.incomplete = state_.policies.incomplete = state_.groups_incomplete = true;
    return false;
  }

  // Nearly all manifests are YAML, and they tell which of the JSON files are entries. So those come
  // last: they are checked as soon as they are parsed, and the tree of one, which takes fifteen
  // times its text, makes room for the next one's.
  Status ReadFiles() {
    std::vector<const ArtifactFile*> later;
    for (const ArtifactFile* file : candidates_) {
      if (!IsKnown(*file) && file->path.ends_with(".json"))
        later.push_back(file);
      else
        PORTOLAN_CHECK(ReadFile(*file));
    }
    if (!later.empty()) FindUsers();
    for (const ArtifactFile* file : later) PORTOLAN_CHECK(ReadFile(*file));
    for (const ArtifactFile* candidate : candidates_) {
      const ManifestFile& file = *cache_.files.at(candidate->path).file;
      files_.emplace(candidate, &file);
      for (const DeclarationPtr& declaration : file.declarations) declarations_.Add(declaration);
    }
    return {};
  }

  bool IsKnown(const ArtifactFile& file) const {
    const auto cached = cache_.files.find(file.path);
    return cached != cache_.files.end() && cached->second.file != nullptr &&
           cached->second.oid == file.oid;
  }

  Status ReadFile(const ArtifactFile& file) {
    Cache::File& cached = cache_.files[file.path];
    if (!IsKnown(file)) {
      PORTOLAN_TRY(ReadResult text, Read(file));
      cached.oid = file.oid;
      cached.file =
          std::make_shared<const ManifestFile>(DecodeManifestFile(text, file.path, check_));
      if (!cached.file->has_manifest) UseAsEntries(file, std::move(text));
    }
    cached.load = load_;
    return {};
  }

  // What is no manifest is most likely entries: checked now for the maps that are known to name it,
  // else kept for a moment later.
  void UseAsEntries(const ArtifactFile& file, ReadResult text) {
    const auto [begin, end] = users_.equal_range(&file);
    for (auto user = begin; user != end; ++user)
      checked_.emplace(std::pair(&file, user->second),
                       CheckEntryFile(text, file, user->second->map->rules));
    if (begin != end || kept_bytes_ + file.size > kKeptTextBytes) return;
    kept_bytes_ += file.size;
    kept_.emplace(file.path, std::move(text));
  }

  // The maps of the files that were read or known so far, by the entry files that they name.
  void FindUsers() {
    for (const ArtifactFile* candidate : candidates_) {
      const auto cached = cache_.files.find(candidate->path);
      if (cached == cache_.files.end() || cached->second.load != load_) continue;
      for (const DeclarationPtr& declaration : cached->second.file->declarations) {
        if (declaration->map == nullptr || declaration->map->entries_from.empty()) continue;
        for (const ArtifactFile* file : index_.Expand(*declaration->map).files)
          users_.emplace(file, declaration.get());
      }
    }
  }

  Result<ReadResult> Read(const ArtifactFile& file) {
    PORTOLAN_TRY(const std::string bytes, artifact_.read(file));
    return ReadText(bytes, file.path, limits_.file_bytes);
  }

  // All declarations, broken and double ones too: their files are entries still, and no strays.
  void NameEntryFiles() {
    for (const auto& [name, declarations] : declarations_.maps()) {
      for (const DeclarationPtr& declaration : declarations) {
        if (declaration->map->entries_from.empty()) continue;
        EntryFiles expanded = index_.Expand(*declaration->map);
        named_.insert(expanded.files.begin(), expanded.files.end());
        entry_files_.emplace(declaration.get(), std::move(expanded));
      }
    }
    for (const auto& [name, declarations] : declarations_.Of(ManifestKind::kPolicyTest))
      for (const DeclarationPtr& declaration : declarations) NameTestFiles(*declaration);
  }

  void NameTestFiles(const Declaration& declaration) {
    for (const PolicyTestCase& test : declaration.policy_test->cases) {
      for (const PolicyTestSide* side : {&test.live, &test.desired}) {
        if (!side->file) continue;
        const auto path = ResolvePath(FolderOf(declaration.file), side->file->name);
        const ArtifactFile* file = path ? FindCandidate(*path) : nullptr;
        if (file != nullptr) named_.insert(file);
      }
    }
  }

  const ArtifactFile* FindCandidate(const std::string& path) const {
    const auto found = std::ranges::find(candidates_, path, &ArtifactFile::path);
    return found == candidates_.end() ? nullptr : *found;
  }

  // What files say that belongs to no declaration. Files that maps name as entries are judged
  // there.
  void CollectFileDiagnostics() {
    bool unread = false;
    std::vector<Diagnostic> strays;
    for (const ArtifactFile* candidate : candidates_) {
      const ManifestFile& file = *files_.at(candidate);
      if (!file.has_manifest && named_.contains(candidate)) continue;
      AppendAll(state_.diagnostics, file.diagnostics);
      AppendAll(strays, file.strays);
      state_.incomplete |= file.may_hide_map;
      state_.policies.incomplete |= file.may_hide_policy;
      state_.groups_incomplete |= file.may_hide_group;
      unread |= file.unread;
    }
    // The map that names a stray may be in what could not be read.
    if (!unread) AppendAll(state_.diagnostics, strays);
  }

  Status BuildMaps() {
    for (const auto& [name, declarations] : declarations_.maps()) {
      std::vector<Diagnostic> reasons = DuplicateDiagnostics(declarations);
      // Neither of the two is chosen: which file comes first in a listing must not decide.
      if (declarations.size() > 1) {
        for (const DeclarationPtr& declaration : declarations)
          AppendAll(reasons, declaration->diagnostics);
      } else {
        PORTOLAN_CHECK(BuildOne(declarations.front(), reasons));
      }
      if (reasons.empty()) continue;
      AppendAll(state_.diagnostics, reasons);
      SortUnique(reasons);
      state_.rejected.emplace(name, std::move(reasons));
    }
    return {};
  }

  Status BuildPolicies() {
    PolicySetContext context;
    for (const auto& [name, declarations] : declarations_.maps()) context.maps.insert(name);
    context.commit_time = artifact_.revision.time;
    context.read_entries = [this](const std::string& path) { return ReadTestEntries(path); };
    PORTOLAN_TRY(PolicySet set, MakePolicySet(declarations_, context));
    set.incomplete = state_.policies.incomplete;
    state_.policies = std::move(set);
    AppendAll(state_.diagnostics, state_.policies.errors);
    return {};
  }

  Result<Value> ReadTestEntries(const std::string& path) {
    const ArtifactFile* file = FindCandidate(path);
    if (file == nullptr) return Error{ErrorCode::kNotFound, "no such file in this source"};
    PORTOLAN_TRY(const ReadResult text, Read(*file));
    std::vector<Diagnostic> diagnostics = text.AllDiagnostics();
    std::optional<Value> value;
    if (diagnostics.empty() && text.documents.size() == 1)
      value = ValueFromNode(text.documents.front().root, {path, ""}, &diagnostics);
    if (value && value->is_object()) return *std::move(value);
    return Error{ErrorCode::kInvalid, diagnostics.empty() ? "expected one object of entries"
                                                          : FormatDiagnostic(diagnostics.front())};
  }

  // Adds the map to the state, or says in `reasons` why not.
  // A map that fails is cached without a map: the next load builds it anew in full.
  Status BuildOne(const DeclarationPtr& declaration, std::vector<Diagnostic>& reasons) {
    Cache::Map& cached = cache_.maps[declaration->name];
    cached.load = load_;
    const BuiltMap& previous = cached.built;
    BuiltMap built{.inputs = {declaration,
                              declarations_.StrategyOf(*declaration->map),
                              declarations_.RuleStrategiesOf(*declaration->map),
                              {}},
                   .map = nullptr};
    AppendAll(reasons, declaration->diagnostics);
    AppendAll(reasons, built.inputs.strategy->reasons);
    for (const StrategyPtr& rule : built.inputs.rules) AppendAll(reasons, rule->reasons);
    if (const auto files = entry_files_.find(declaration.get()); files != entry_files_.end()) {
      AppendAll(reasons, files->second.diagnostics);
      PORTOLAN_CHECK(CheckParts(files->second, previous.inputs, built.inputs, reasons));
    }
    if (reasons.empty()) {
      const bool same = previous.map != nullptr && previous.inputs.SameAs(built.inputs);
      built.map = same ? previous.map : BuildMap(built.inputs, &previous, reasons);
    }
    if (built.map != nullptr)
      state_.maps.emplace_hint(state_.maps.end(), declaration->name, built.map);
    cached.built = std::move(built);
    return {};
  }

  // Finds the checked entries of each file, those of the previous load where neither file nor rules
  // changed.
  Status CheckParts(const EntryFiles& files, const MapInputs& previous, MapInputs& inputs,
                    std::vector<Diagnostic>& reasons) {
    std::unordered_map<std::string_view, EntryPartPtr> known;
    // The rules (schema, keys, sensitive) are part of the declaration: parts checked by others do
    // not count.
    if (previous.declaration == inputs.declaration)
      for (const EntryPartPtr& part : previous.parts) known.emplace(part->path, part);
    inputs.parts.reserve(files.files.size());
    for (const ArtifactFile* file : files.files) {
      const auto classified = files_.find(file);
      if (classified != files_.end() && classified->second->has_manifest) {
        reasons.push_back(
            ErrorAt(inputs.declaration->file, inputs.declaration->position,
                    "entriesFrom names " + QuoteForMessage(file->path) + ", which is a manifest",
                    "keep entry files in a folder of their own"));
        continue;
      }
      const auto part = known.find(file->path);
      if (part != known.end() && part->second->oid == file->oid) {
        inputs.parts.push_back(part->second);
      } else {
        PORTOLAN_TRY(EntryPartPtr fresh, CheckFile(*file, *inputs.declaration));
        inputs.parts.push_back(std::move(fresh));
      }
      AppendAll(reasons, inputs.parts.back()->diagnostics);
    }
    return {};
  }

  Result<EntryPartPtr> CheckFile(const ArtifactFile& file, const Declaration& user) {
    if (const auto part = checked_.find({&file, &user}); part != checked_.end())
      return part->second;
    const EntryRules& rules = user.map->rules;
    if (const auto kept = kept_.find(file.path); kept != kept_.end())
      return CheckEntryFile(kept->second, file, rules);
    PORTOLAN_TRY(const ReadResult text, Read(file));
    return CheckEntryFile(text, file, rules);
  }

  const Artifact& artifact_;
  const LoadLimits& limits_;
  const ExpressionCheck& check_;
  Loader::Cache& cache_;
  std::uint64_t load_;
  SourceIndex index_;
  DesiredState state_;
  std::vector<const ArtifactFile*> candidates_;
  std::unordered_map<const ArtifactFile*, const ManifestFile*> files_;      // of the candidates
  std::unordered_multimap<const ArtifactFile*, const Declaration*> users_;  // of entry files
  std::map<std::pair<const ArtifactFile*, const Declaration*>, EntryPartPtr> checked_;
  std::unordered_map<std::string, ReadResult> kept_;
  std::size_t kept_bytes_ = 0;
  Declarations declarations_;
  std::unordered_map<const Declaration*, EntryFiles> entry_files_;
  std::unordered_set<const ArtifactFile*> named_;  // in entriesFrom of some map
};

Loader::Loader(LoadLimits limits, ExpressionCheck check)
    : limits_(limits), check_(std::move(check)), cache_(std::make_unique<Cache>()) {}
Loader::~Loader() = default;

Result<DesiredState> Loader::Load(const Artifact& artifact) {
  return Run(artifact, *this).Execute();
}

}  // namespace portolan::manifests
