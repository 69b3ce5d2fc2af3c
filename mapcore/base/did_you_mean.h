#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portolan {

// The candidate nearest to `word` within two edits (insert, delete, replace, swap of neighbours),
// the first of equals; empty when there is none, when `word` is one of them, when so many edits
// would rewrite a short word, and for words of more than 64 bytes. O(candidates * length^2).
std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates);

// "did you mean \"strategy\"?", or empty: the hint of a Diagnostic.
std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace portolan
