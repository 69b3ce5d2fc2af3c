#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mapcore/base/result.h"
#include "reconciler/policy/cel/zone.h"

namespace portolan::conformance {

// What came of one file of cases.
struct FileResult {
  std::string file;
  int passed = 0;
  std::vector<std::string> failures;  // "id: expression: what was expected and found"
};

// Runs every *.json file of a folder, by name. A file is {tests: [{id, expr, disable_check,
// bindings, value | error}]} with tagged values ({"int": "5"}), see docs/cel.md. Errors: kInvalid
// for a file that is no such thing, kNotFound for an empty folder.
Result<std::vector<FileResult>> RunCelSuite(const std::filesystem::path& folder,
                                            const reconciler::cel::Zones& zones);

}  // namespace portolan::conformance
