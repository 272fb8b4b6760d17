#include "question.h"

#include <algorithm>
#include <map>

#include "unhidra/access/operation.h"
#include "unhidra/automation/operation_question.h"
#include "unhidra/automation/topic_question.h"
#include "unhidra/base/id.h"

#include "../errc.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

// ---- the broker's question ----

automation::SubjectFacts facts_of(const Question& asked) {
  automation::SubjectFacts out;
  if (!asked.device.empty()) {
    out.push_back(fact_of(automation::DeviceFacts{.id = asked.device,
                                                  .type = asked.device_type,
                                                  .name = {},
                                                  .owner = {},
                                                  .groups = asked.groups,
                                                  .labels = asked.labels,
                                                  .certificate_serial = {}}));
  }
  if (!asked.user.empty()) {
    out.push_back(fact_of(automation::PersonFacts{
        .id = asked.user, .is_admin = asked.role == "admin", .roles = {asked.role}}));
  }
  if (!asked.ip.empty()) {
    out.push_back(
        fact_of(automation::ClientFacts{.ip = asked.ip, .transport = "tls", .id = asked.device}));
  }
  return out;
}

// The broker's question.
Value asked_by(const Question& asked) {
  const bool publishes = !asked.publish.empty();
  automation::TopicQuestion question{.action = "connect"};
  if (publishes) {
    question.action = "publish";
    question.topic = asked.publish;
  } else if (!asked.subscribe.empty()) {
    question.action = "subscribe";
    question.topic = asked.subscribe;
    question.filter = asked.subscribe;
  } else if (!asked.deliver.empty()) {
    question.action = "subscribe";
    question.topic = asked.deliver;
    question.delivery = true;
  }
  question.qos = static_cast<mqtt::QoS>(asked.qos);
  question.retain = asked.retain;
  return automation::topic_input(facts_of(asked), question);
}

// ---- chat and administration ----

std::unexpected<Error> unusable(const std::string& what) {
  return fail(Errc::bad_option, what);
}

// Nothing given: the id of nobody.
template <class IdType>
Result<IdType> id_of(const std::string& text, std::string_view flag) {
  if (text.empty()) {
    return IdType(Uuid{});
  }
  const auto id = IdType::parse(text);
  if (!id) {
    return unusable(std::string(flag) + " wants an id (a UUID)");
  }
  return *id;
}

Result<access::Principal> principal_of(const Question& asked, Timestamp now) {
  UNHIDRA_TRY(const auto org, id_of<OrgId>(asked.org, "--org"));
  UNHIDRA_TRY(const auto user, id_of<UserId>(asked.user, "--user"));
  UNHIDRA_TRY(const auto device, id_of<DeviceId>(asked.device, "--device"));
  const auto role = access::parse_role(asked.role.empty() ? "member" : asked.role);
  if (!role) {
    return unusable("--role: no role is called " + asked.role);
  }
  return access::make_user_principal(
      org, user, asked.device.empty() ? std::nullopt : std::optional(device), SessionId(Uuid{}),
      access::RoleSet(*role), now + std::chrono::minutes(15));
}

// NAME=VALUE; a name that comes again, or that of a list, has an array.
Result<std::vector<Value::Member>> parameters_of(const Question& asked) {
  std::map<std::string, std::vector<Value>> named;
  for (const auto& parameter : asked.parameters) {
    const auto equals = parameter.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return unusable("--parameter wants NAME=VALUE");
    }
    named[parameter.substr(0, equals)].push_back(Value::string(parameter.substr(equals + 1)));
  }
  std::vector<Value::Member> out;
  for (auto& [name, values] : named) {
    const bool is_list = values.size() > 1 || name.ends_with("_ids");
    Value value = is_list ? Value::array(std::move(values)) : std::move(values[0]);
    out.emplace_back(Value::string(name), std::move(value));
  }
  return out;
}

Result<Value> operation_asked(const Question& asked, Timestamp now) {
  const auto* operation = access::find_operation(asked.operation);
  if (operation == nullptr) {
    return unusable("no operation is called " + asked.operation);
  }
  if (!asked.at.empty()) {
    UNHIDRA_TRY(now, parse_rfc3339(asked.at));
  }
  access::OperationRequest request;
  UNHIDRA_TRY(request.principal, principal_of(asked, now));
  request.peer = {.ip = asked.ip, .user_agent = asked.agent, .loopback = asked.loopback};
  UNHIDRA_TRY(auto parameters, parameters_of(asked));
  return automation::operation_input({.operation = *operation, .request = request, .now = now},
                                     std::move(parameters));
}

}  // namespace

std::string_view standard_query(const Question& asked) {
  return asked.operation.empty() ? "data.unhidra.automation.allow" : automation::kOperationQuery;
}

Result<std::optional<Value>> question_input(const Question& asked, Timestamp now) {
  if (!asked.operation.empty()) {
    UNHIDRA_TRY(auto input, operation_asked(asked, now));
    return std::optional(std::move(input));
  }
  return asked.asks_broker() ? std::optional(asked_by(asked)) : std::nullopt;
}

}  // namespace unhidra::server::policy_line
