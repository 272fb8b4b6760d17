#include "unhidra/automation/operation_question.h"

#include <algorithm>
#include <limits>

#include "policy/operation_parameters.h"

namespace unhidra::automation {
namespace {

using rego::Value;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

template <class IdType>
Value id(const IdType& value) {
  return Value::string(value.to_string());
}

Value nanoseconds(Timestamp at) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000;
  return Value::integer(std::min(to_unix_micros(at), kMost) * 1'000);
}

Value describe(const access::Operation& operation) {
  std::vector<Value::Member> out{{text("name"), text(operation.name)},
                                 {text("changes"), Value::boolean(operation.mutates)}};
  if (operation.access == access::Access::permission ||
      operation.access == access::Access::operators) {
    out.emplace_back(text("permission"), text(to_string(operation.permission)));
  }
  if (operation.face == access::Face::frame) {
    out.emplace_back(text("face"), text("frame"));
    out.emplace_back(text("frame"), Value::integer(operation.frame));
  } else {
    const bool upgrade = operation.face == access::Face::upgrade;
    out.emplace_back(text("face"), text(upgrade ? "upgrade" : "rest"));
    out.emplace_back(text("method"), text(operation.method));
    out.emplace_back(text("path"), text(operation.path));
  }
  return Value::object(std::move(out));
}

// Made once: rows do not change.
const Value& described(const access::Operation& operation) {
  static const auto all = [] {
    std::vector<Value> out;
    for (const auto& row : access::operations()) {
      out.push_back(describe(row));
    }
    return out;
  }();
  return all[static_cast<std::size_t>(&operation - access::operations().data())];
}

Value user_of(const access::Principal& principal) {
  std::vector<Value> roles;
  for (const auto name : principal.roles.names()) {
    roles.push_back(text(name));
  }
  const auto highest = principal.roles.highest();
  return Value::object({{text("id"), id(principal.user_id)},
                        {text("org"), id(principal.org_id)},
                        {text("role"), text(highest ? to_string(*highest) : "")},
                        {text("roles"), Value::set(std::move(roles))}});
}

Value resource_of(const access::OperationQuestion& question,
                  std::vector<Value::Member> parameters) {
  std::vector<Value::Member> out{{text("org"), id(question.request.principal.org_id)},
                                 {text("parameters"), Value::object(std::move(parameters))}};
  if (!question.operation.resource_type.empty()) {
    out.emplace_back(text("type"), text(question.operation.resource_type));
  }
  return Value::object(std::move(out));
}

}  // namespace

Value operation_input(const access::OperationQuestion& question) {
  return operation_input(question, operation_parameters(question));
}

Value operation_input(const access::OperationQuestion& question,
                      std::vector<Value::Member> parameters) {
  const auto& principal = question.request.principal;
  const auto& peer = question.request.peer;
  std::vector<Value::Member> out;
  out.reserve(7);
  const auto add = [&out](std::string_view name, Value value) {
    out.emplace_back(text(name), std::move(value));
  };
  add("operation", described(question.operation));
  add("resource", resource_of(question, std::move(parameters)));
  add("client", Value::object({{text("ip"), text(peer.ip)},
                               {text("loopback"), Value::boolean(peer.loopback)},
                               {text("agent"), text(peer.user_agent)}}));
  add("session", Value::object({{text("id"), id(principal.session_id)},
                                {text("expires"), nanoseconds(principal.expires_at)}}));
  add("time", nanoseconds(question.now));
  add("user", user_of(principal));
  if (principal.device_id) {
    add("device", Value::object({{text("id"), id(*principal.device_id)}}));
  }
  return Value::object(std::move(out));
}

}  // namespace unhidra::automation
