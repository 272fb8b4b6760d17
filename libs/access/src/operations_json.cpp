// The table for readers that are not C++: the contract check of api/openapi.yaml.

#include <boost/json.hpp>

#include "unhidra/access/operation.h"

namespace unhidra::access {
namespace {

std::string_view to_string(Face face) {
  switch (face) {
    case Face::rest:
      return "rest";
    case Face::frame:
      return "frame";
    case Face::upgrade:
      break;
  }
  return "upgrade";
}

std::string_view to_string(Access access) {
  switch (access) {
    case Access::everyone:
      return "everyone";
    case Access::self:
      return "self";
    case Access::permission:
      return "permission";
    case Access::operators:
      break;
  }
  return "operators";
}

boost::json::object row(const Operation& operation) {
  boost::json::array query;
  for (const auto name : operation.query) {
    query.emplace_back(name);
  }
  const bool audited = operation.audit == AuditPolicy::always;
  const bool named =
      operation.access == Access::permission || operation.access == Access::operators;
  return {{"name", operation.name},
          {"face", to_string(operation.face)},
          {"serving", to_string(operation.serving)},
          {"method", operation.method},
          {"path", operation.path},
          {"frame", operation.frame},
          {"query", std::move(query)},
          {"access", to_string(operation.access)},
          {"permission", named ? to_string(operation.permission) : ""},
          {"audit", audited ? "always" : "never"},
          {"event_type", operation.event_type},
          {"limit", to_string(operation.limit)},
          {"body_limit", operation.body_limit},
          {"content_type", operation.content_type},
          {"success_status", operation.success_status},
          {"mutates", operation.mutates},
          {"secret_answer", operation.secret_answer}};
}

}  // namespace

std::string operations_as_json() {
  boost::json::array out;
  for (const auto& operation : operations()) {
    out.push_back(row(operation));
  }
  return boost::json::serialize(out);
}

}  // namespace unhidra::access
