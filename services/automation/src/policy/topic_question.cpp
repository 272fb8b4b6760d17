#include "unhidra/automation/topic_question.h"

#include <array>

#include "unhidra/base/text.h"

namespace unhidra::automation {
namespace {

using rego::Value;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

Value set_of(const std::vector<std::string>& words) {
  std::vector<Value> out;
  for (const auto& word : words) {
    out.push_back(text(word));
  }
  return Value::set(std::move(out));
}

Value sealed_input(const identity::GroupPayloadHeader& header) {
  constexpr std::array<std::string_view, 4> kKinds = {"telemetry", "state", "command", "result"};
  return Value::object({{text("group"), text(to_hex(header.group.bytes()))},
                        {text("sender"), text(to_hex(header.sender.bytes()))},
                        {text("epoch"), Value::integer(header.epoch)},
                        {text("kind"), text(kKinds[static_cast<std::size_t>(header.kind) & 3U])},
                        {text("signed"), Value::boolean(header.is_signed)}});
}

}  // namespace

Value::Member fact_of(const DeviceFacts& device) {
  std::vector<Value::Member> labels;
  for (const auto& [name, value] : device.labels) {
    labels.emplace_back(text(name), text(value));
  }
  std::vector<Value::Member> members{
      {text("id"), text(device.id)},
      {text("type"), text(device.type)},
      {text("name"), text(device.name)},
      {text("groups"), set_of(device.groups)},
      {text("labels"), Value::object(std::move(labels))},
      {text("cert"), Value::object({{text("serial"), text(device.certificate_serial)}})}};
  if (!device.owner.empty()) {
    members.emplace_back(text("owner"), text(device.owner));
  }
  return {text("device"), Value::object(std::move(members))};
}

Value::Member fact_of(const PersonFacts& person) {
  return {text("user"), Value::object({{text("id"), text(person.id)},
                                       {text("role"), text(person.is_admin ? "admin" : "member")},
                                       {text("roles"), set_of(person.roles)}})};
}

Value::Member fact_of(const ClientFacts& client) {
  return {text("client"), Value::object({{text("ip"), text(client.ip)},
                                         {text("transport"), text(client.transport)},
                                         {text("id"), text(client.id)}})};
}

Value topic_input(const SubjectFacts& facts, const TopicQuestion& question) {
  auto members = facts;
  const auto add = [&members](std::string_view name, Value value) {
    members.emplace_back(text(name), std::move(value));
  };
  add("action", text(question.action));
  add("qos", Value::integer(static_cast<int>(question.qos)));
  add("retain", Value::boolean(question.retain));
  add("delivery", Value::boolean(question.delivery));
  if (!question.topic.empty()) {
    add("topic", text(question.topic));
    add("reading_type", text(question.topic.substr(question.topic.rfind('/') + 1)));
  }
  if (!question.filter.empty()) {
    add("filter", text(question.filter));
  }
  if (!question.share.empty()) {
    add("share", text(question.share));
  }
  if (question.sealed) {
    add("e2ee", sealed_input(*question.sealed));
  }
  return Value::object(std::move(members));
}

}  // namespace unhidra::automation
