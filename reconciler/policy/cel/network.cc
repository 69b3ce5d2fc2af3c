// ip(), cidr() and what is asked of them.
#include "reconciler/policy/cel/network.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/text.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;
using Groups = std::array<std::uint16_t, 8>;

std::optional<unsigned> TakeNumber(std::string_view& text, int base, std::size_t digits_max,
                                   unsigned most) {
  unsigned value = 0;
  const std::size_t length =
      std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
  if (length == 0 || length > digits_max) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + length, value, base);
  if (read.ec != std::errc() || read.ptr != text.data() + length || value > most)
    return std::nullopt;
  // "010" is eight to inet_aton and ten to others.
  if (base == 10 && length > 1 && text[0] == '0') return std::nullopt;
  text.remove_prefix(length);
  return value;
}

// Four decimal numbers; the rest stays in `text`.
std::optional<std::array<std::uint8_t, 4>> TakeV4(std::string_view& text) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    const auto number = TakeNumber(text, 10, 3, 255);
    if (!number) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*number);
  }
  return bytes;
}

// As an IPv4-mapped address (RFC 4291 section 2.5.5.2), so that one comparison serves both
// families; `v4` keeps them apart.
Network FromV4(const std::array<std::uint8_t, 4>& v4) {
  Network network{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 32, true};
  std::memcpy(network.bytes + 12, v4.data(), 4);
  return network;
}

// The groups of a text without "::", an IPv4 address at its end counting as two; at most 8.
std::optional<std::size_t> ReadGroups(std::string_view text, Groups& groups) {
  std::size_t count = 0;
  if (text.empty()) return count;
  while (true) {
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      const auto v4 = TakeV4(text);
      if (!v4 || !text.empty() || count > 6) return std::nullopt;
      groups[count++] = static_cast<std::uint16_t>((*v4)[0] << 8 | (*v4)[1]);
      groups[count++] = static_cast<std::uint16_t>((*v4)[2] << 8 | (*v4)[3]);
      return count;
    }
    const auto group = TakeNumber(text, 16, 4, 0xFFFF);
    if (!group || count == 8) return std::nullopt;
    groups[count++] = static_cast<std::uint16_t>(*group);
    if (text.empty()) return count;
    if (!text.starts_with(':')) return std::nullopt;
    text.remove_prefix(1);
  }
}

std::optional<Network> ParseV6(std::string_view text) {
  Groups head{}, tail{};
  // At most once: a second "::" leaves an empty group, which ReadGroups refuses.
  const std::size_t gap = text.find("::");
  const auto head_count = ReadGroups(text.substr(0, gap), head);
  if (!head_count) return std::nullopt;
  Groups groups = head;
  if (gap == std::string_view::npos) {
    if (*head_count != 8) return std::nullopt;
  } else {
    const auto tail_count = ReadGroups(text.substr(gap + 2), tail);
    // "::" stands for one group at least.
    if (!tail_count || *head_count + *tail_count > 7) return std::nullopt;
    for (std::size_t i = 0; i < *tail_count; ++i) groups[8 - *tail_count + i] = tail[i];
  }
  Network network{{}, 128, false};
  for (std::size_t i = 0; i < 8; ++i) {
    network.bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    network.bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xFF);
  }
  return network;
}

// The groups from..to that "::" stands for: the longest run of zeros, the first of equals.
std::pair<std::size_t, std::size_t> LongestZeros(const Groups& groups) {
  std::size_t best = 8, best_end = 8;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best_end - best) {
      best = i;
      best_end = end;
    }
  }
  return {best, best_end};
}

int BitsBefore(const Network& network) {
  return network.v4 ? 96 + network.prefix : network.prefix;
}

bool SameBits(const Network& left, const Network& right, int bits) {
  for (int i = 0; i < bits; ++i) {
    const int mask = 0x80 >> (i % 8);
    if ((left.bytes[i / 8] & mask) != (right.bytes[i / 8] & mask)) return false;
  }
  return true;
}

Value NoIp(CallContext& context, const Value& text) {
  return context.Fail(TextOf(text, 64) + " is no IP address");
}

Value Ip(CallContext& context, Arguments arguments) {
  const auto ip = ParseIp(arguments[0].AsText());
  return ip ? Value::Ip(context.arena.New<Network>(*ip)) : NoIp(context, arguments[0]);
}

Value IsIp(CallContext&, Arguments arguments) {
  return Value::Bool(ParseIp(arguments[0].AsText()).has_value());
}

Value IsCanonical(CallContext& context, Arguments arguments) {
  const auto ip = ParseIp(arguments[0].AsText());
  return ip ? Value::Bool(FormatIp(*ip) == arguments[0].AsText()) : NoIp(context, arguments[0]);
}

Value Cidr(CallContext& context, Arguments arguments) {
  const auto cidr = ParseCidr(arguments[0].AsText());
  return cidr ? Value::Cidr(context.arena.New<Network>(*cidr))
              : context.Fail(TextOf(arguments[0], 64) + " is no network, as in 10.0.0.0/8");
}

Value IsCidr(CallContext&, Arguments arguments) {
  return Value::Bool(ParseCidr(arguments[0].AsText()).has_value());
}

Value Family(CallContext&, Arguments arguments) {
  return Value::Int(arguments[0].AsNetwork().v4 ? 4 : 6);
}

// The first byte of the family's form, and the others by index.
const std::uint8_t* BytesOf(const Network& ip) {
  return ip.bytes + (ip.v4 ? 12 : 0);
}

bool IsMulticast(const Network& ip) {
  return ip.v4 ? BytesOf(ip)[0] >= 224 && BytesOf(ip)[0] < 240 : ip.bytes[0] == 0xFF;
}
bool IsUnspecified(const Network& ip) {
  static constexpr std::uint8_t kZeros[16] = {};
  return std::memcmp(BytesOf(ip), kZeros, ip.v4 ? 4 : 16) == 0;
}
bool IsLoopback(const Network& ip) {
  static constexpr std::uint8_t kOne[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ip.v4 ? BytesOf(ip)[0] == 127 : std::memcmp(ip.bytes, kOne, 16) == 0;
}
bool IsLinkLocalUnicast(const Network& ip) {
  return ip.v4 ? BytesOf(ip)[0] == 169 && BytesOf(ip)[1] == 254
               : ip.bytes[0] == 0xFE && (ip.bytes[1] & 0xC0) == 0x80;
}
bool IsLinkLocalMulticast(const Network& ip) {
  return ip.v4 ? BytesOf(ip)[0] == 224 && BytesOf(ip)[1] == 0 && BytesOf(ip)[2] == 0
               : ip.bytes[0] == 0xFF && (ip.bytes[1] & 0x0F) == 2;
}
bool IsGlobalUnicast(const Network& ip) {
  static constexpr std::uint8_t kBroadcast[4] = {255, 255, 255, 255};
  const bool broadcast = ip.v4 && std::memcmp(BytesOf(ip), kBroadcast, 4) == 0;
  return !broadcast && !IsUnspecified(ip) && !IsLoopback(ip) && !IsMulticast(ip) &&
         !IsLinkLocalUnicast(ip);
}

template <bool (*kTest)(const Network&)>
Value Test(CallContext&, Arguments arguments) {
  return Value::Bool(kTest(arguments[0].AsNetwork()));
}

Value ContainsNetwork(CallContext&, Arguments arguments) {
  return Value::Bool(Contains(arguments[0].AsNetwork(), arguments[1].AsNetwork()));
}

Value ContainsIpText(CallContext& context, Arguments arguments) {
  const auto ip = ParseIp(arguments[1].AsText());
  if (!ip) return NoIp(context, arguments[1]);
  return Value::Bool(Contains(arguments[0].AsNetwork(), *ip));
}

Value ContainsCidrText(CallContext& context, Arguments arguments) {
  const Value cidr = Cidr(context, arguments.subspan(1));
  if (cidr.failed()) return cidr;
  return Value::Bool(Contains(arguments[0].AsNetwork(), cidr.AsNetwork()));
}

Value IpOfCidr(CallContext& context, Arguments arguments) {
  Network ip = arguments[0].AsNetwork();
  ip.prefix = ip.v4 ? 32 : 128;
  return Value::Ip(context.arena.New<Network>(ip));
}

Value MaskedCidr(CallContext& context, Arguments arguments) {
  return Value::Cidr(context.arena.New<Network>(Masked(arguments[0].AsNetwork())));
}

Value PrefixLength(CallContext&, Arguments arguments) {
  return Value::Int(arguments[0].AsNetwork().prefix);
}

constexpr Overload kFunctions[] = {
    {"ip", "s:I", Ip},
    {"ip", "C.:I", IpOfCidr},
    {"isIP", "s:b", IsIp},
    {"ip.isCanonical", "s:b", IsCanonical},
    {"cidr", "s:C", Cidr},
    {"isCIDR", "s:b", IsCidr},
    {"family", "I.:i", Family},
    {"isUnspecified", "I.:b", Test<IsUnspecified>},
    {"isLoopback", "I.:b", Test<IsLoopback>},
    {"isGlobalUnicast", "I.:b", Test<IsGlobalUnicast>},
    {"isLinkLocalUnicast", "I.:b", Test<IsLinkLocalUnicast>},
    {"isLinkLocalMulticast", "I.:b", Test<IsLinkLocalMulticast>},
    {"containsIP", "C.I:b", ContainsNetwork},
    {"containsIP", "C.s:b", ContainsIpText},
    {"containsCIDR", "C.C:b", ContainsNetwork},
    {"containsCIDR", "C.s:b", ContainsCidrText},
    {"masked", "C.:C", MaskedCidr},
    {"prefixLength", "C.:i", PrefixLength},
};

}  // namespace

std::optional<Network> ParseIp(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return ParseV6(text);
  const auto v4 = TakeV4(text);
  if (!v4 || !text.empty()) return std::nullopt;
  return FromV4(*v4);
}

std::optional<Network> ParseCidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto network = ParseIp(text.substr(0, slash));
  std::string_view rest = text.substr(slash + 1);
  if (!network) return std::nullopt;
  const auto prefix = TakeNumber(rest, 10, 3, network->v4 ? 32 : 128);
  if (!prefix || !rest.empty()) return std::nullopt;
  network->prefix = static_cast<std::uint8_t>(*prefix);
  return network;
}

std::string FormatIp(const Network& ip) {
  char text[64];
  if (ip.v4) {
    const std::uint8_t* const bytes = ip.bytes + 12;
    std::snprintf(text, sizeof text, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
    return text;
  }
  Groups groups;
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<std::uint16_t>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
  const auto [gap, gap_end] = LongestZeros(groups);
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i = gap_end - 1;
      continue;
    }
    std::snprintf(text, sizeof text, "%x", groups[i]);
    out += (out.empty() || out.ends_with(':') ? "" : ":") + std::string(text);
  }
  return out;
}

std::string FormatCidr(const Network& cidr) {
  return FormatIp(cidr) + "/" + std::to_string(cidr.prefix);
}

Network Masked(const Network& cidr) {
  Network masked = cidr;
  for (int i = BitsBefore(cidr); i < 128; ++i)
    masked.bytes[i / 8] = static_cast<std::uint8_t>(masked.bytes[i / 8] & ~(0x80 >> (i % 8)));
  return masked;
}

bool Contains(const Network& outer, const Network& inner) {
  return outer.v4 == inner.v4 && inner.prefix >= outer.prefix &&
         SameBits(outer, inner, BitsBefore(outer));
}

std::span<const Overload> NetworkFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
