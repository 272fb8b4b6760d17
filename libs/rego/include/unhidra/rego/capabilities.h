#pragma once
// What policies may depend on: built-in functions, keywords and features of the language, in the
// form that the Open Policy Agent writes and reads ("opa capabilities"). A policy that is to run on
// another engine is checked against what that one can.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"
#include "unhidra/rego/value.h"

namespace unhidra::rego {

struct Capabilities {
  using Names = std::set<std::string, std::less<>>;
  Names builtins;
  Names future_keywords;  // that may be imported, beside those that every v1 has
  // rego_v1, keywords_in_refs, template_strings; others say nothing here.
  Names features;
  // Hosts that functions may ask; nothing: any. What is asked is up to the host in any case.
  std::optional<Names> allow_net;
};

// This engine's own, with the types of the functions.
Value own_capabilities();
// Errc::bad_document: it is no object with a list of functions that have names. What is not known
// here is no error: it is not used.
Result<Capabilities> read_capabilities(const Value& document);

}  // namespace unhidra::rego
