#include "unhidra/access/handlers.h"

#include <algorithm>

#include "unhidra/runtime/log.h"

namespace unhidra::access {
namespace {

const Operation& known(std::string_view name) {
  const auto* operation = find_operation(name);
  if (operation == nullptr) {
    log::fatal("operation.unknown", {{"operation", name}});
  }
  return *operation;
}

bool serves(std::span<const Serving> roles, Serving serving) {
  return std::ranges::find(roles, serving) != roles.end();
}

}  // namespace

Reply json_reply(int status, const boost::json::value& body) {
  return Reply{.status = status,
               .content_type = "application/json",
               .headers = {},
               .body = to_bytes(serialize(body))};
}

void Handlers::bind(std::string_view name, Handler handler) {
  const auto& operation = known(name);
  if (operation.face == Face::upgrade ||
      !handlers_.emplace(&operation, std::move(handler)).second) {
    log::fatal("operation.bound_twice", {{"operation", name}});
  }
}

void Handlers::expect_frame(std::string_view name, std::uint32_t field) {
  const auto& operation = known(name);
  if (operation.face != Face::frame || operation.frame != field) {
    log::fatal("operation.wrong_frame", {{"operation", name}, {"frame", field}});
  }
}

const Handler* Handlers::find(const Operation& operation) const {
  const auto found = handlers_.find(&operation);
  return found == handlers_.end() ? nullptr : &found->second;
}

Status Handlers::check(std::span<const Serving> roles) const {
  std::string problems;
  for (const auto& operation : operations()) {
    const bool served = serves(roles, operation.serving) && operation.face != Face::upgrade;
    const bool bound = find(operation) != nullptr;
    if (served != bound) {
      problems.append(problems.empty() ? "" : ", ").append(operation.name);
      problems.append(served ? " has no handler" : " is of another role");
    }
  }
  if (!problems.empty()) {
    return fail(Errc::internal, problems);
  }
  return {};
}

}  // namespace unhidra::access
