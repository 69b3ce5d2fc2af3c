#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portolan::reconciler::cel {

// "; did you mean `percent`?" for the candidate that is written most like `word`, or "" when none
// is close: at most a third of its letters changed, swapped, added or missing.
std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace portolan::reconciler::cel
