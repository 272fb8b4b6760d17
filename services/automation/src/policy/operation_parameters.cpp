#include "policy/operation_parameters.h"

#include <algorithm>
#include <iterator>

#include "unhidra/access/json.h"
#include "unhidra/wire/request_ids.h"

namespace unhidra::automation {
namespace {

using rego::Value;
using Members = std::vector<Value::Member>;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

Value uuid(const Uuid& value) {
  return text(uuid_to_string(value));
}

void add_frame(const access::OperationQuestion& question, Members& out) {
  const auto named = wire::ids_of_request(question.operation.frame, question.request.body,
                                          {.max_size = question.operation.body_limit});
  if (!named) {
    return;
  }
  for (const auto& field : *named) {
    std::vector<Value> ids;
    std::ranges::transform(field.ids, std::back_inserter(ids), uuid);
    out.emplace_back(text(field.name), field.list ? Value::array(std::move(ids)) : ids.front());
  }
}

// As the handler reads it, so that two ways to write an id are one.
std::optional<Value> id_in(const auto& json) {
  const auto* written = json.if_string();
  if (written == nullptr) {
    return std::nullopt;
  }
  const auto read = parse_uuid(std::string_view(written->data(), written->size()));
  return read ? std::optional(uuid(*read)) : std::nullopt;
}

std::optional<Value> ids_in(const auto& json) {
  const auto* list = json.if_array();
  if (list == nullptr) {
    return std::nullopt;
  }
  std::vector<Value> out;
  for (const auto& element : *list) {
    auto id = id_in(element);
    if (!id) {
      return std::nullopt;
    }
    out.push_back(std::move(*id));
  }
  return Value::array(std::move(out));
}

void add_json(const access::OperationQuestion& question, Members& out) {
  const auto& operation = question.operation;
  const auto& body = question.request.body;
  if (body.empty() || body.size() > operation.body_limit ||
      operation.content_type != "application/json") {
    return;
  }
  const auto read = access::parse_json(as_text(body));
  const auto* members = read ? read->if_object() : nullptr;
  if (members == nullptr) {
    return;
  }
  for (const auto& member : *members) {
    const std::string_view name(member.key().data(), member.key().size());
    const bool is_named =
        std::ranges::any_of(out, [&](const auto& known) { return known.first.text() == name; });
    auto value = name.ends_with("_id")    ? id_in(member.value())
                 : name.ends_with("_ids") ? ids_in(member.value())
                                          : std::nullopt;
    if (value && !is_named) {
      out.emplace_back(text(name), std::move(*value));
    }
  }
}

}  // namespace

Members operation_parameters(const access::OperationQuestion& question) {
  Members out;
  for (const auto& [name, value] : question.request.path_parameters) {
    out.emplace_back(text(name), text(value));
  }
  if (question.operation.face == access::Face::frame) {
    add_frame(question, out);
  } else {
    add_json(question, out);
  }
  return out;
}

}  // namespace unhidra::automation
