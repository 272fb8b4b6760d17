#pragma once
// What the exported functions have in common: arguments in, the engine asked, the answer left.

#include <charconv>

#include "unhidra/base/text.h"

#include "describe.h"
#include "module.h"

namespace unhidra::core {

inline constexpr std::uint32_t kMaxHistory = 1000;

// body(HostedEngine&) -> Result<Answer>
template <class Body>
std::int32_t with_hosted(std::int32_t handle, Body body) {
  auto& module = Module::instance();
  return module.call([&]() -> Result<Answer> {
    UNHIDRA_TRY(auto* const hosted, module.engine(handle));
    return body(*hosted);
  });
}

inline Answer answer_of(std::string json) {
  return {0, std::move(json)};
}

// A command of the engine that answers nothing: body(Engine&) -> Status.
template <class Body>
std::int32_t command(std::int32_t handle, Body body) {
  return with_hosted(handle, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY_VOID(body(*hosted.engine));
    return Answer();
  });
}

// The same with one argument, its bytes.
template <class Body>
std::int32_t command(std::int32_t handle, Span argument, Body body) {
  return command(handle, [&](client::Engine& engine) -> Status {
    UNHIDRA_TRY(const auto bytes, Module::instance().view(argument));
    return body(engine, bytes);
  });
}

template <class IdType>
Result<IdType> id_of(Span argument) {
  UNHIDRA_TRY(const auto bytes, Module::instance().view(argument));
  auto id = IdType::parse(as_text(bytes));
  if (!id) {
    return fail(Errc::bad_argument, "an id is malformed");
  }
  return *id;
}

// The same with one id.
template <class IdType, class Body>
std::int32_t command_on(std::int32_t handle, Span argument, Body body) {
  return command(handle, [&](client::Engine& engine) -> Status {
    UNHIDRA_TRY(const auto id, id_of<IdType>(argument));
    return body(engine, id);
  });
}

inline Answer answer_with(std::string_view name, std::string_view value) {
  Json out;
  out.begin_object().name(name).text(value).end_object();
  return answer_of(std::move(out).take());
}

// Ids in their canonical form, with one comma between them.
template <class IdType>
Result<std::vector<IdType>> ids_of(Span argument) {
  UNHIDRA_TRY(const auto bytes, Module::instance().view(argument));
  std::vector<IdType> out;
  for (auto rest = as_text(bytes); !rest.empty();) {
    const auto end = rest.find(',');
    const auto id = IdType::parse(rest.substr(0, end));
    if (!id || end + 1 == rest.size()) {
      return fail(Errc::bad_argument, "a list of ids is malformed");
    }
    out.push_back(*id);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return out;
}

// Decimal numbers, with one comma between.
inline Result<std::vector<std::uint64_t>> numbers_of(Span argument) {
  UNHIDRA_TRY(const auto bytes, Module::instance().view(argument));
  std::vector<std::uint64_t> out;
  const auto text = as_text(bytes);
  const auto* const end = text.data() + text.size();
  for (const auto* at = text.data(); at != end; ++at) {
    const auto [next, problem] = std::from_chars(at, end, out.emplace_back());
    const bool goes_on = next != end && *next == ',' && next + 1 != end;
    if (problem != std::errc() || (next != end && !goes_on)) {
      return fail(Errc::bad_argument, "a list of numbers is malformed");
    }
    if (next == end) {
      break;
    }
    at = next;
  }
  return out;
}

// body(Engine&, ConversationId, std::span<const UserId>) -> Result<std::uint64_t>
template <class Body>
std::int32_t change_of_group(std::int32_t handle, Span group, Span users, Body body) {
  return with_hosted(handle, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>(group));
    UNHIDRA_TRY(const auto who, ids_of<UserId>(users));
    UNHIDRA_TRY(const auto change, body(*hosted.engine, id, who));
    Json out;
    out.begin_object().name("change").number(change).end_object();
    return answer_of(std::move(out).take());
  });
}

// A question to the engine: body(const Engine&) -> Result<what can be described>.
template <class Body>
std::int32_t question(std::int32_t handle, Body body) {
  return with_hosted(handle, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto answer, body(std::as_const(*hosted.engine)));
    return answer_of(to_json(answer));
  });
}

// The same about one id.
template <class IdType, class Body>
std::int32_t question_on(std::int32_t handle, Span argument, Body body) {
  return question(handle, [&](const client::Engine& engine) -> decltype(body(engine, IdType())) {
    UNHIDRA_TRY(const auto id, id_of<IdType>(argument));
    return body(engine, id);
  });
}

}  // namespace unhidra::core
