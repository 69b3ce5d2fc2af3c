#pragma once

#include <string>
#include <vector>

#include "tests/tidy/tree.h"

namespace portolan::tidy {

// Each rule returns what breaks it, one line each: "path:line: what was found". They read text, not
// syntax: a comment or a string can raise a false alarm, and hiding a call behind a macro escapes
// them.
using Findings = std::vector<std::string>;

constexpr std::size_t kFileLinesMax = 500;
constexpr std::size_t kFunctionLinesMax = 70;

// mapcore <- manifests <- reconciler <- controller: no include of a layer further right.
Findings IncludesThatPointUp(const Tree& tree);
Findings LongFiles(const Tree& tree);
Findings LongFunctions(const Tree& tree);
// No real clock, random device, sleep or thread in the layers below controller/.
Findings EffectsBelowController(const Tree& tree);
Findings SleepsInTests(const Tree& tree);
// No range-for over `*Call()`: the range keeps a reference into a temporary that ends with the
// loop's head (until C++23, P2718).
Findings DanglingRanges(const Tree& tree);
// Headers of large libraries only in .cc files, and only in the folder of the adapter that wraps
// the library.
Findings MisplacedLibraries(const Tree& tree);
// Every x/y.cc has a tests/x/y_test.cc, but for the exceptions listed in the source.
Findings SourcesWithoutTest(const Tree& tree);
// The links of documents to files of the project lead somewhere.
Findings BrokenLinks(const Tree& tree);

}  // namespace portolan::tidy
