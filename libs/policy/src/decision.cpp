#include "unhidra/policy/decision.h"

namespace unhidra::policy {

std::string_view to_string(Ground ground) {
  switch (ground) {
    case Ground::policy:
      return "policy";
    case Ground::undefined:
      return "undefined";
    case Ground::not_boolean:
      return "not_boolean";
    case Ground::failed:
      return "failed";
    case Ground::exhausted:
      return "exhausted";
    case Ground::unreachable:
      return "unreachable";
    case Ground::unasked:
      return "unasked";
    case Ground::no_policy:
      break;
  }
  return "no_policy";
}

Decision judge(const rego::Value* answer, std::size_t answers) {
  Decision out;
  if (answers == 0 || answer == nullptr) {
    out.ground = Ground::undefined;
  } else if (answers > 1 || !answer->is(rego::Kind::boolean)) {
    out.ground = Ground::not_boolean;
  } else {
    out.ground = Ground::policy;
    out.allowed = answer->as_boolean();
  }
  return out;
}

}  // namespace unhidra::policy
