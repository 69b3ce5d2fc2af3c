#include "controller/store/event_chain.h"

#include <utility>

#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"

// Each event's hash covers its bytes and the hash before it: an edit, a hole or another order
// breaks every later link, and `chain_head` says where the end was. It is no signature: whoever
// can write the whole database can build another chain (docs/state-format.md). The hash is over
// the stored bytes and not over the parsed event, so that a reader of another version comes to the
// same result.

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Event;

// Its version is part of what is hashed: no byte string is a link of two formats.
constexpr std::string_view kDomain = "portolan.event.v1\n";
// `data` may be as deep as any JSON that was read, and stands one level below the event.
constexpr manifests::JsonLimits kBodyLimits{.depth = manifests::kJsonDepthMax + 1,
                                            .bytes = kEventBytesMax};

Error Broken(std::uint64_t sequence, const std::string& what) {
  return {ErrorCode::kCorrupt, "event " + std::to_string(sequence) + ": " + what};
}

}  // namespace

// Canonical, so that one event has one hash; the members are those of docs/state-format.md,
// sorted.
std::string EncodeEvent(const Event& event) {
  return manifests::CanonicalJson(Value(Value::Object{
      {"actor", event.actor},
      {"data", event.data},
      {"map", event.map},
      {"message", event.message},
      {"reason", event.reason},
      {"sequence", event.sequence},
      {"source", event.source},
      {"time", FormatTime(event.time)},
      {"type", event.type},
  }));
}

Result<Event> DecodeEvent(std::string_view body) {
  auto parsed = manifests::ParseJson(body, kBodyLimits);
  if (!parsed.ok()) return Error{ErrorCode::kCorrupt, "stored event: " + parsed.error().message};
  const auto time = ParseTime(parsed->StringOr("time", ""));
  if (!time.ok()) return Error{ErrorCode::kCorrupt, "stored event: time: " + time.error().message};
  Event event;
  event.sequence = static_cast<std::uint64_t>(parsed->IntOr("sequence", 0));
  event.time = *time;
  event.map = parsed->StringOr("map", "");
  event.source = parsed->StringOr("source", "");
  event.type = parsed->StringOr("type", "");
  event.reason = parsed->StringOr("reason", "");
  event.message = parsed->StringOr("message", "");
  event.actor = parsed->StringOr("actor", "");
  if (const Value* data = parsed->Find("data")) event.data = *data;
  return event;
}

std::string EventHash(std::string_view prev_hash, std::string_view body) {
  Sha256 hash;
  hash.Update(kDomain);
  hash.Update(prev_hash);
  hash.Update("\n");
  hash.Update(body);
  return hash.Finish().Hex();
}

Result<ChainLink> AppendToChain(Event event, ChainHead& head) {
  event.sequence = head.sequence + 1;
  ChainLink link{
      .sequence = event.sequence, .body = EncodeEvent(event), .prev_hash = head.hash, .hash = {}};
  // Read back before it is stored: what cannot be read would break the chain for every event after
  // it.
  if (auto read = manifests::ParseJson(link.body, kBodyLimits); !read.ok()) {
    return Error{ErrorCode::kInvalid,
                 "event \"" + event.reason + "\" cannot be stored: " + read.error().message};
  }
  link.hash = EventHash(link.prev_hash, link.body);
  head = {link.sequence, link.hash};
  return link;
}

Status CheckLink(const ChainLink& link, ChainHead& head) {
  if (link.sequence != head.sequence + 1)
    return Broken(head.sequence + 1,
                  "missing; the next one stored is " + std::to_string(link.sequence));
  if (link.prev_hash != head.hash)
    return Broken(link.sequence, "its prev_hash is not the hash of the event before it");
  if (link.hash != EventHash(link.prev_hash, link.body))
    return Broken(link.sequence,
                  "its content does not match its hash: it was changed after it was written");
  auto event = DecodeEvent(link.body);
  if (!event.ok()) return Broken(link.sequence, event.error().message);
  if (event->sequence != link.sequence)
    return Broken(link.sequence, "its body has another sequence");
  head = {link.sequence, link.hash};
  return {};
}

}  // namespace portolan::controller
