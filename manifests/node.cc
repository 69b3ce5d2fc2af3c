#include "manifests/node.h"

namespace portolan::manifests {

const Node* Node::Find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

}  // namespace portolan::manifests
