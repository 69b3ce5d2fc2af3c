#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "mapcore/base/result.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

constexpr std::size_t kEventBytesMax = 1u << 20;  // of one event's canonical JSON

// The end of a chain of events: what the next event's hash covers.
struct ChainHead {
  std::uint64_t sequence = 0;  // of the last event; 0: none
  std::string hash = std::string(64, '0');

  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

// The event as canonical JSON without its hashes: what is stored and what is hashed
// (docs/state-format.md).
std::string EncodeEvent(const reconciler::Event& event);
// Reads what EncodeEvent wrote; hashes stay empty. Errors: kCorrupt.
Result<reconciler::Event> DecodeEvent(std::string_view body);

// SHA-256 of "portolan.event.v1\n" + prev_hash + "\n" + body, as 64 hex digits.
std::string EventHash(std::string_view prev_hash, std::string_view body);

// One event as it is stored.
struct ChainLink {
  std::uint64_t sequence = 0;
  std::string body;
  std::string prev_hash;
  std::string hash;
};

// Gives the event the sequence after `head`, hashes it and moves `head` to it. Errors: kInvalid for
// an event that could not be read back (text that is no UTF-8, too deep, over kEventBytesMax).
Result<ChainLink> AppendToChain(reconciler::Event event, ChainHead& head);

// Checks that `link` follows `head`, and moves `head` to it. Errors: kCorrupt naming the sequence
// and what is wrong.
Status CheckLink(const ChainLink& link, ChainHead& head);

}  // namespace portolan::controller
