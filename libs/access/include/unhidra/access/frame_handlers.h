#pragma once
// Handlers::on_frame: what a request of the gateway carries and what its answer carries.

#include "unhidra/access/handlers.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frame_bodies.h"

namespace unhidra::access {
namespace detail {

template <class In, class F>
Task<Result<Reply>> run_frame(const F& handler, OperationContext& context) {
  auto body = wire::decode<In>(context.request().body,
                               wire::Limits{.max_size = context.operation().body_limit});
  if (!body) {
    co_return fail(std::move(body).error());
  }
  auto result = co_await handler(context, std::move(*body));
  if (!result) {
    co_return fail(std::move(result).error());
  }
  using Out = typename std::remove_cvref_t<decltype(result)>::value_type;
  Reply reply;
  if constexpr (std::is_void_v<Out>) {
    reply.field = wire::response_field<wire::Done>();
  } else {
    reply.field = wire::response_field<Out>();
    reply.body = wire::encode(*result);
  }
  co_return reply;
}

}  // namespace detail

template <class In, class F>
void Handlers::on_frame(std::string_view name, F handler) {
  expect_frame(name, wire::request_field<In>());
  bind(name, [handler = std::move(handler)](OperationContext& context) {
    return detail::run_frame<In>(handler, context);
  });
}

}  // namespace unhidra::access
