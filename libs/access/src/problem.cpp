#include "unhidra/access/problem.h"

#include <algorithm>
#include <limits>

#include <boost/json.hpp>

#include "unhidra/access/errc.h"

namespace unhidra::access {
namespace {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::unauthenticated:
      return 401;
    case ErrorKind::denied:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::unprocessable:
      return 422;
    case ErrorKind::rate_limited:
      return 429;
    case ErrorKind::unavailable:
    case ErrorKind::cancelled:
      return 503;
    case ErrorKind::timeout:
      return 504;
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      break;
  }
  return 500;
}

std::chrono::seconds whole_seconds(std::chrono::milliseconds delay) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(delay), std::chrono::seconds(1));
}

}  // namespace

int http_status(const Error& error) {
  if (error == Errc::method_not_allowed) {
    return 405;
  }
  if (error == Errc::unsupported_media_type) {
    return 415;
  }
  return status_of(error.kind());
}

net::CloseCode close_code(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::internal:
    case ErrorKind::corrupt:
      return net::CloseCode::internal_error;
    case ErrorKind::unavailable:
    case ErrorKind::cancelled:
    case ErrorKind::timeout:
      return net::CloseCode::try_again_later;
    case ErrorKind::too_large:
      return net::CloseCode::too_big;
    default:
      return static_cast<net::CloseCode>(4400 + http_status(error) % 100);
  }
}

std::string public_message(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::internal:
    case ErrorKind::corrupt:
      return "something went wrong on the server; the request id finds it in the server's log";
    case ErrorKind::unavailable:
      return "the service cannot answer now; try again later";
    default:
      return error.message();
  }
}

net::HttpResponse problem_response(const Error& error, std::string_view request_id) {
  const auto status = http_status(error);
  const boost::json::object body{
      {"type", "urn:unhidra:problem:" + std::string(error.code().name)},
      {"title", net::reason_phrase(status)},
      {"status", status},
      {"code", error.code().name},
      {"detail", public_message(error)},
      {"request_id", request_id},
  };
  net::HttpResponse out;
  out.status = status;
  out.headers.set("Content-Type", "application/problem+json");
  if (status == 401) {
    out.headers.set("WWW-Authenticate", "Bearer");
  }
  if (const auto delay = error.retry_after()) {
    out.headers.set("Retry-After", std::to_string(whole_seconds(*delay).count()));
  }
  out.body = to_bytes(boost::json::serialize(body));
  return out;
}

wire::Error to_wire(const Error& error) {
  wire::Error out;
  out.code = error.code().name;
  out.message = public_message(error);
  out.status = static_cast<std::uint32_t>(http_status(error));
  if (const auto delay = error.retry_after()) {
    out.retry_after_ms = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(delay->count(), 1, std::numeric_limits<std::uint32_t>::max()));
  }
  return out;
}

}  // namespace unhidra::access
