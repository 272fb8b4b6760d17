#pragma once
// A conversation and the devices that are commanded in it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/actions/intent.h"
#include "unhidra/base/error.h"
#include "unhidra/rego/value.h"

#include "document.h"

namespace unhidra::actions {

struct Bridge {
  std::string conversation;
  std::string group;
  bool understand = false;
  std::optional<rego::PreparedQuery> allow;
  std::vector<std::string> tell;
  std::vector<Target> targets;
  std::vector<std::string> types;
  // What a sentence may mean: the targets, and then several of them at once (sets.h).
  std::vector<std::vector<std::size_t>> meanings;
  std::optional<IntentMatcher> matcher;

  bool tells(std::string_view kind) const;
  const std::string& name_of(std::size_t meaning) const {
    return matcher->targets()[meaning].names.front();
  }
};

// Errc::bad_rules, with the place.
Result<Bridge> read_bridge(const rego::Value& value, const std::string& where);

bool same_words(std::string_view a, std::string_view b);

}  // namespace unhidra::actions
