#pragma once
// Which code serves which operation. A role binds its handlers by name at start-up; check() refuses
// to start when an operation has no handler, or a handler no operation.

#include <functional>
#include <map>
#include <span>
#include <string_view>

#include "unhidra/access/context.h"
#include "unhidra/access/json.h"

namespace unhidra::access {

// The context lives until the returned task has ended.
using Handler = std::function<Task<Result<Reply>>(OperationContext&)>;

Reply json_reply(int status, const boost::json::value& body);

namespace detail {

template <class T>
Reply rest_reply(const Operation& operation, const Result<T>& result) {
  if constexpr (std::is_void_v<T>) {
    return Reply{.status = operation.success_status, .content_type = {}, .headers = {}, .body = {}};
  } else if constexpr (std::is_same_v<T, Reply>) {
    return *result;
  } else {
    return json_reply(operation.success_status, to_json(*result));
  }
}

template <class F>
Task<Result<Reply>> run_rest(const F& handler, OperationContext& context) {
  auto result = co_await handler(context);
  if (!result) {
    co_return fail(std::move(result).error());
  }
  co_return rest_reply(context.operation(), result);
}

template <class In, class F>
Task<Result<Reply>> run_json(const F& handler, OperationContext& context) {
  auto body = parse_body<In>(context.request().body);
  if (!body) {
    co_return fail(std::move(body).error());
  }
  auto result = co_await handler(context, std::move(*body));
  if (!result) {
    co_return fail(std::move(result).error());
  }
  co_return rest_reply(context.operation(), result);
}

}  // namespace detail

class Handlers {
 public:
  // An unknown name, a second handler for one operation, or one of another face is a bug and
  // aborts.
  void bind(std::string_view name, Handler handler);

  // A REST operation without a body: handler(OperationContext&) -> Task<Result<Out>>. Out is a
  // described struct, void (no body) or Reply (anything else).
  template <class F>
  void on_rest(std::string_view name, F handler) {
    bind(name, [handler = std::move(handler)](OperationContext& context) {
      return detail::run_rest(handler, context);
    });
  }
  // With a JSON body: handler(OperationContext&, In) -> Task<Result<Out>>. In is a described
  // struct; unknown members are errors.
  template <class In, class F>
  void on_json(std::string_view name, F handler) {
    bind(name, [handler = std::move(handler)](OperationContext& context) {
      return detail::run_json<In>(handler, context);
    });
  }
  // A frame: handler(OperationContext&, In) -> Task<Result<Out>>; Out is a message of ServerFrame,
  // or void for Done.
  // Defined in frame_handlers.h, for those who serve frames.
  template <class In, class F>
  void on_frame(std::string_view name, F handler);

  const Handler* find(const Operation& operation) const;
  // Every operation served by one of these roles has a handler, and no handler is of another role.
  // Names what is wrong. Upgrades need no handler.
  Status check(std::span<const Serving> roles) const;

 private:
  static void expect_frame(std::string_view name, std::uint32_t field);
  std::map<const Operation*, Handler> handlers_;
};

}  // namespace unhidra::access
