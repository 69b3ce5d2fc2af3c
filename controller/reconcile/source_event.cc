#include "controller/reconcile/source_event.h"

#include <utility>

namespace portolan::controller {

reconciler::Event SourceEvent(const std::string& source, std::string_view type,
                              std::string_view reason, std::string message) {
  reconciler::Event event;
  event.source = source;
  event.type = type;
  event.reason = reason;
  event.message = std::move(message);
  event.actor = "git";
  event.data = manifests::Value::Object{};
  return event;
}

}  // namespace portolan::controller
