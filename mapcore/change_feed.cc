#include "mapcore/change_feed.h"

#include <algorithm>

namespace portolan::mapcore {
namespace {

constexpr std::size_t kDigits = 12;  // of Digest::Short()

// Takes what stands behind the last `sign` off the text's end; nothing when there is none.
Result<std::string> TakeBehind(char sign, std::string_view& text) {
  const std::size_t at = text.rfind(sign);
  if (at == std::string_view::npos) return std::string();
  const std::string_view digits = text.substr(at + 1);
  text = text.substr(0, at);
  if (digits.size() == kDigits && IsHex(digits)) return std::string(digits);
  return Error{ErrorCode::kInvalid, "expected twelve lower-case hex digits behind the \"" +
                                        std::string(1, sign) + "\"; found \"" +
                                        std::string(digits.substr(0, 80)) + "\""};
}

}  // namespace

Result<FeedPlace> FeedPlace::Parse(std::string_view text) {
  PORTOLAN_TRY(std::string masks, TakeBehind('~', text));
  PORTOLAN_TRY(std::string overlay, TakeBehind('+', text));
  PORTOLAN_TRY(const Digest version, Digest::Parse(text));
  return FeedPlace{version, std::move(overlay), std::move(masks)};
}

std::string FeedPlace::ToString() const {
  return version.ToString() + (overlay.empty() ? "" : "+" + overlay) +
         (masks.empty() ? "" : "~" + masks);
}

std::string FeedPlace::MasksOf(const std::vector<std::string>& globs) {
  if (globs.empty()) return "";
  std::string all;
  for (const std::string& glob : globs) all += glob + '\0';
  return Sha256Of(all).Short();
}

FeedPlace ChangeFeed::now() const {
  return {version_.digest(), overlay_ == nullptr ? "" : overlay_->digest().Short(), masks_};
}

ChangeFeed::Extent ChangeFeed::Since(const FeedPlace& place, const MapVersion* held,
                                     const Visit& visit) const {
  if (place == now()) return Extent::kNothing;
  const auto hidden = [this](std::string_view key) {
    return overlay_ != nullptr && overlay_->Find(key).has_value();
  };
  // What an overlay of before had hidden is not known any more, nor whether a value was.
  const bool whole = held == nullptr || !place.overlay.empty() || place.masks != masks_;
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
