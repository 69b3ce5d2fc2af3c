#include "mapcore/change_feed.h"

#include <algorithm>

namespace portolan::mapcore {
namespace {

constexpr std::size_t kOverlayDigits = 12;  // of Digest::Short()

}  // namespace

Result<FeedPlace> FeedPlace::Parse(std::string_view text) {
  const std::size_t plus = std::min(text.find('+'), text.size());
  PORTOLAN_TRY(const Digest version, Digest::Parse(text.substr(0, plus)));
  FeedPlace place{version};
  if (plus == text.size()) return place;
  place.overlay = text.substr(plus + 1);
  const bool hex = place.overlay.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (place.overlay.size() == kOverlayDigits && hex) return place;
  return Error{ErrorCode::kInvalid,
               "expected twelve lower-case hex digits behind the \"+\"; found \"" +
                   place.overlay.substr(0, 80) + "\""};
}

std::string FeedPlace::ToString() const {
  return version.ToString() + (overlay.empty() ? "" : "+" + overlay);
}

FeedPlace ChangeFeed::now() const {
  return {version_.digest(), overlay_ == nullptr ? "" : overlay_->digest().Short()};
}

ChangeFeed::Extent ChangeFeed::Since(const FeedPlace& place, const MapVersion* held,
                                     const Visit& visit) const {
  if (place == now()) return Extent::kNothing;
  const auto hidden = [this](std::string_view key) {
    return overlay_ != nullptr && overlay_->Find(key).has_value();
  };
  // What an overlay of before had hidden is not known any more.
  const bool whole = held == nullptr || !place.overlay.empty();
  if (overlay_ != nullptr)
    overlay_->ForEach([&](std::string_view key, std::string_view value) {
      if (whole || held->Find(key) != value) visit(key, value);
    });
  if (whole) {
    version_.ForEach([&](std::string_view key, std::string_view value) {
      if (!hidden(key)) visit(key, value);
    });
    return Extent::kWhole;
  }
  for (const Difference& difference : Diff(*held, version_))
    if (!hidden(difference.key)) visit(difference.key, difference.after);
  return Extent::kChanges;
}

}  // namespace portolan::mapcore
