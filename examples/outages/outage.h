#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/demo/clients.h"

namespace portolan::demo {

// A public outage that a change of a map caused, cut down to one map, one commit and one kind of
// client. What each is told after is in docs/outages.md.
struct Outage {
  std::string_view name;   // as the command line takes it
  std::string_view title;  // who and when
  std::string_view story;  // what happened, in one sentence
  std::string_view source;
  std::string_view lasted;        // in reality
  std::string_view manifest;      // the map as it was good, "maps/<map>.yaml"
  std::string_view from;          // the bad commit replaces this text …
  std::string_view to;            // … with this one
  std::string_view message;       // of the commit
  std::vector<std::string> keys;  // what clients look up
  // Why a client fails with an answer that it has run on for so long; empty: it works.
  std::function<std::string(const Answer& answer, Duration loaded)> complaint;
  std::string_view ends;  // the reason of the event that ends it with Portolan
  Duration dormant{0};    // how long clients work with the bad version before they fail
  // A later commit that replaces the bad one while that is held; then somebody approves the old
  // plan.
  std::string_view newer_to = "";
};

std::span<const Outage> Outages();

}  // namespace portolan::demo
