#include "manifests/node.h"

namespace portolan::manifests {

// O(members), for the few members of a manifest; entries are gone through in order.
const Node* Node::Find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

}  // namespace portolan::manifests
