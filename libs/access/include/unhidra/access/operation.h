#pragma once
// The operations table: every REST route and every gateway frame, declared once. Router,
// authorisation, audit, limits, the OpenAPI check and the generated tests read it. Adding an
// operation is adding a row in src/operations.cpp (and a handler, and its path in
// api/openapi.yaml).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "unhidra/access/limit_class.h"
#include "unhidra/access/permission.h"

namespace unhidra::access {

// Who serves it.
enum class Serving : std::uint8_t { auth, gateway, chat, automation, files, every };
std::string_view to_string(Serving serving);

enum class Face : std::uint8_t {
  rest,     // method and path
  frame,    // a field of wire::ClientFrame
  upgrade,  // method and path of a WebSocket upgrade
};

enum class Access : std::uint8_t {
  everyone,    // no credentials asked for
  self,        // any signed-in user, on what is its own
  permission,  // who has the permission
  operators,   // from the machine itself, or who has the permission
};

enum class AuditPolicy : std::uint8_t {
  never,
  always,  // exactly one event for each success, failure and denial
};

struct Operation {
  std::string_view name;  // "sessions.revoke": stable, in logs, metrics and audit records
  Face face = Face::rest;
  Serving serving = Serving::auth;
  std::string_view method;                  // rest and upgrade
  std::string_view path;                    // template: "/v1/sessions/{session_id}"
  std::uint32_t frame = 0;                  // field number in ClientFrame
  std::span<const std::string_view> query;  // the query parameters that it understands
  Access access = Access::permission;
  Permission permission{};  // access permission and operators
  AuditPolicy audit = AuditPolicy::always;
  std::string_view event_type;     // "session.revoked"
  std::string_view action;         // "create", "update", "delete", "read", "authenticate"
  std::string_view resource_type;  // "session"
  LimitClass limit = LimitClass::reads;
  std::uint32_t body_limit = 0;                        // bytes; 0: takes no body
  std::string_view content_type = "application/json";  // of the body
  int success_status = 200;                            // rest
  bool mutates = false;                                // changes what is stored
  bool secret_answer = false;  // the answer holds a token or key and is never stored
  bool secret_body = false;    // the body holds a password: not even its hash is stored

  bool takes_body() const { return body_limit > 0; }
};

std::span<const Operation> operations();
const Operation* find_operation(std::string_view name);
const Operation* find_frame(std::uint32_t frame);

// A parameter of a path template: names that end in "_id" are UUIDs, `role` is a role's name.
bool is_id_parameter(std::string_view name);

// The table as JSON, for the contract check of api/openapi.yaml.
std::string operations_as_json();

// api/openapi.yaml as it was at build time.
std::string_view openapi_document();

}  // namespace unhidra::access
