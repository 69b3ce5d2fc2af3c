#include "tests/tidy/rules.h"

#include <algorithm>
#include <filesystem>
#include <regex>

namespace portolan::tidy {
namespace {

const std::vector<std::string> kLayers = {"mapcore", "manifests", "reconciler", "controller"};

struct Library {
  std::string include;              // how the included path begins
  std::vector<std::string> owners;  // the only folders whose .cc files may include it
};
const std::vector<Library> kLibraries = {
    {"yaml-cpp/", {"manifests/"}},        {"nlohmann/", {"manifests/"}},
    {"git2", {"controller/git/"}},        {"httplib.h", {"controller/http/"}},
    {"sqlite3.h", {"controller/store/"}}, {"re2/", {"manifests/", "reconciler/policy/cel/"}},
};

// Sources that are proved elsewhere: the program's entry has no interface to call (the end-to-end
// tests run it).
const std::vector<std::string> kWithoutMirror = {"controller/main.cc"};

// The index of the file's layer, or the number of layers for a file of none.
std::size_t LayerOf(std::string_view folder) {
  return static_cast<std::size_t>(std::find(kLayers.begin(), kLayers.end(), folder) -
                                  kLayers.begin());
}

bool BelowController(const SourceFile& file) {
  return LayerOf(file.top()) < LayerOf("controller");
}
bool InLayers(const SourceFile& file) {
  return LayerOf(file.top()) < kLayers.size();
}
// The rules and their tests name the calls that they forbid.
bool InTests(const SourceFile& file) {
  return file.top() == "tests" && !file.path.starts_with("tests/tidy/rules");
}

std::string At(const SourceFile& file, std::size_t index, const std::string& found) {
  return file.path + ":" + std::to_string(index + 1) + ": " + found;
}

// The path between the quotes or brackets of an include line, or nothing.
std::string_view Included(std::string_view line) {
  constexpr std::string_view kInclude = "#include ";
  if (!line.starts_with(kInclude)) return {};
  line.remove_prefix(kInclude.size() + 1);
  return line.substr(0, line.find_first_of("\">"));
}

std::string_view WithoutComment(std::string_view line) {
  return line.substr(0, line.find("//"));
}

Findings LinesThatMatch(const Tree& tree, const std::regex& pattern,
                        bool (*applies)(const SourceFile&)) {
  Findings findings;
  for (const SourceFile& file : tree.code) {
    if (!applies(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string code(WithoutComment(file.lines[i]));
      if (std::regex_search(code, pattern)) findings.push_back(At(file, i, file.lines[i]));
    }
  }
  return findings;
}

std::size_t Indent(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

// Whether a function's body may begin at the end of this line: it closes a parameter list and opens
// a brace, at most two columns in, and is neither a control statement nor a type.
bool OpensFunction(const std::string& line) {
  static const std::regex kOpens(R"(^.*\)[^;]*\{\s*$)");
  static const std::regex kOther(R"(^ *(\}|(namespace|class|struct|enum|union|extern|)"
                                 R"(if|for|while|switch|else|do|return|case)\b))");
  if (line.empty() || line.back() != '{' || line.find(')') == std::string::npos) return false;
  if (line.find_first_not_of(' ') > 2 && !line.starts_with("    ")) return false;
  return std::regex_match(line, kOpens) && !std::regex_search(line, kOther);
}

// The line where the body ends: the first brace back at the indentation of the line that begins the
// declaration.
std::size_t EndOfBody(const SourceFile& file, std::size_t begin, std::size_t indent) {
  std::size_t end = begin + 1;
  while (end < file.lines.size() &&
         !(Indent(file.lines[end]) == indent &&
           std::string_view(file.lines[end]).substr(indent).starts_with('}')))
    ++end;
  return end;
}

}  // namespace

Findings IncludesThatPointUp(const Tree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.code) {
    if (!InLayers(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string_view included = Included(file.lines[i]);
      const std::size_t layer = LayerOf(included.substr(0, included.find('/')));
      const bool known = layer < kLayers.size() || included.starts_with("tests/");
      if (known && layer > LayerOf(file.top())) findings.push_back(At(file, i, file.lines[i]));
    }
  }
  return findings;
}

Findings LongFiles(const Tree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.code)
    if (file.lines.size() > kFileLinesMax)
      findings.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines");
  return findings;
}

Findings LongFunctions(const Tree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.code) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (!OpensFunction(file.lines[i])) continue;
      // A parameter list that was broken over lines: go back to where the declaration begins.
      std::size_t begin = i;
      while (begin > 0 && Indent(file.lines[begin]) > 2) --begin;
      const std::size_t end = EndOfBody(file, i, Indent(file.lines[begin]));
      if (end - begin + 1 > kFunctionLinesMax)
        findings.push_back(
            At(file, begin, std::to_string(end - begin + 1) + " lines: " + file.lines[begin]));
      i = end;
    }
  }
  return findings;
}

Findings EffectsBelowController(const Tree& tree) {
  static const std::regex kEffects(
      R"(_clock::now|std::random_device|sleep_for|sleep_until|\bu?sleep\(|)"
      R"(std::j?thread\b|std::async|::time\(|gettimeofday|clock_gettime|\brand\(\))");
  return LinesThatMatch(tree, kEffects, BelowController);
}

Findings DanglingRanges(const Tree& tree) {
  static const std::regex kRanges(R"(\bfor \(.*[^:]: \*[^()]*\()");
  return LinesThatMatch(tree, kRanges, [](const SourceFile&) { return true; });
}

Findings SleepsInTests(const Tree& tree) {
  static const std::regex kSleeps(R"(sleep_for|sleep_until|\b(u|nano)?sleep\()");
  return LinesThatMatch(tree, kSleeps, InTests);
}

Findings MisplacedLibraries(const Tree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.code) {
    if (!InLayers(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string_view included = Included(file.lines[i]);
      for (const Library& library : kLibraries) {
        if (!included.starts_with(library.include)) continue;
        const bool owned =
            std::any_of(library.owners.begin(), library.owners.end(),
                        [&](const std::string& owner) { return file.path.starts_with(owner); });
        if (!owned || !file.source()) findings.push_back(At(file, i, file.lines[i]));
      }
    }
  }
  return findings;
}

Findings SourcesWithoutTest(const Tree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.code) {
    if (!InLayers(file) || !file.source()) continue;
    if (std::find(kWithoutMirror.begin(), kWithoutMirror.end(), file.path) != kWithoutMirror.end())
      continue;
    const std::string mirror = "tests/" + file.path.substr(0, file.path.size() - 3) + "_test.cc";
    if (!tree.paths.contains(mirror)) findings.push_back(file.path + ": expected " + mirror);
  }
  return findings;
}

Findings BrokenLinks(const Tree& tree) {
  static const std::regex kLink(R"(\]\(([^)\s]+)\))");
  Findings findings;
  for (const SourceFile& file : tree.documents) {
    const std::filesystem::path folder = std::filesystem::path(file.path).parent_path();
    bool fenced = false;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (line.starts_with("```")) fenced = !fenced;
      if (fenced) continue;
      for (std::sregex_iterator link(line.begin(), line.end(), kLink), end; link != end; ++link) {
        std::string target = (*link)[1];
        target = target.substr(0, target.find('#'));
        if (target.empty() || target.find(':') != std::string::npos)
          continue;  // an anchor, or another site
        std::string path = (folder / target).lexically_normal().generic_string();
        if (path.ends_with('/')) path.pop_back();
        if (path != "." && !tree.paths.contains(path)) findings.push_back(At(file, i, target));
      }
    }
  }
  return findings;
}

}  // namespace portolan::tidy
