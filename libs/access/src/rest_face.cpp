#include "unhidra/access/rest_face.h"

#include <algorithm>

#include "unhidra/access/problem.h"
#include "unhidra/base/text.h"

namespace unhidra::access {
namespace {

constexpr std::size_t kMaxToken = 8 * 1024;
constexpr std::size_t kMaxIdempotencyKey = 255;
constexpr std::size_t kMaxUserAgent = 256;
constexpr std::uint32_t kNamelessBody = 64 * 1024;

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

bool is_type(std::string_view content_type, std::string_view expected) {
  const auto type = content_type.substr(0, content_type.find(';'));
  const auto end = type.find_last_not_of(" \t");
  return end != type.npos && equal_without_case(type.substr(0, end + 1), expected);
}

Status check_body(const net::HttpRequest& request, const Operation& operation) {
  if (!operation.takes_body()) {
    if (!request.body.empty()) {
      return fail(Errc::bad_request, "this operation takes no body");
    }
    return {};
  }
  if (request.body.size() > operation.body_limit) {
    return fail(Errc::body_too_large,
                "at most " + std::to_string(operation.body_limit) + " bytes of body are accepted");
  }
  const auto type = request.headers.get("Content-Type");
  if (!type || !is_type(*type, operation.content_type) ||
      request.headers.count("Content-Type") > 1) {
    return fail(Errc::unsupported_media_type,
                "the body must be " + std::string(operation.content_type));
  }
  return {};
}

Result<NamedValues> read_query(const net::HttpRequest& request, const Operation& operation) {
  auto values = net::parse_query(request.query);
  if (!values) {
    return fail(Errc::bad_request, "the query is malformed");
  }
  for (auto i = values->begin(); i != values->end(); ++i) {
    if (std::ranges::find(operation.query, i->first) == operation.query.end()) {
      std::string problem("unknown query parameter " + printable(i->first.substr(0, 64)));
      if (const auto near = nearest(i->first, operation.query); !near.empty()) {
        problem.append("; did you mean ").append(near).append("?");
      }
      return fail(Errc::bad_request, problem);
    }
    const auto same = [&](const auto& other) { return other.first == i->first; };
    if (std::any_of(values->begin(), i, same)) {
      return fail(Errc::bad_request, i->first + " stands twice in the query");
    }
  }
  return std::move(*values);
}

Result<std::string> read_idempotency_key(const net::Headers& headers) {
  const auto key = headers.get("Idempotency-Key");
  if (!key) {
    return std::string();
  }
  const auto printable_ascii = [](char c) { return c > ' ' && c < '\x7f'; };
  if (headers.count("Idempotency-Key") > 1 || key->empty() || key->size() > kMaxIdempotencyKey ||
      !std::ranges::all_of(*key, printable_ascii)) {
    return fail(Errc::bad_request, "Idempotency-Key: expected 1 to 255 printable characters");
  }
  return std::string(*key);
}

// Reads what can be read; the first thing that is wrong becomes the defect.
void read_request(net::HttpRequest& request, const Operation& operation, OperationRequest& out) {
  const auto note = [&](Error error) {
    if (!out.defect) {
      out.defect = std::move(error);
    }
  };
  if (auto status = check_body(request, operation); !status) {
    note(std::move(status).error());
  }
  if (auto query = read_query(request, operation)) {
    out.query = std::move(*query);
  } else {
    note(std::move(query).error());
  }
  if (operation.mutates && operation.access != Access::everyone) {
    if (auto key = read_idempotency_key(request.headers)) {
      out.idempotency_key = std::move(*key);
    } else {
      note(std::move(key).error());
    }
  }
  if (operation.access == Access::everyone && request.headers.count("Authorization") == 1) {
    out.authorization = *request.headers.get("Authorization");
  }
  if (operation.method == "GET" && request.headers.count("Range") == 1) {
    out.range = *request.headers.get("Range");
  }
  out.tls_peer = request.tls_peer;
  out.body = std::move(request.body);
}

net::HttpResponse to_response(Reply reply) {
  net::HttpResponse out;
  out.status = reply.status;
  if (!reply.content_type.empty()) {
    out.headers.set("Content-Type", std::move(reply.content_type));
  }
  for (auto& [name, value] : reply.headers) {
    out.headers.set(std::move(name), std::move(value));
  }
  out.body = std::move(reply.body);
  out.source = std::move(reply.source);
  return out;
}

bool is_loopback(std::string_view ip) {
  return ip.starts_with("127.") || ip == "::1" || ip.starts_with("::ffff:127.");
}

void set_default(net::Headers& headers, std::string name, std::string value) {
  if (headers.count(name) == 0) {
    headers.add(std::move(name), std::move(value));
  }
}

}  // namespace

Result<std::optional<std::string>> bearer_token(const net::Headers& headers) {
  const auto value = headers.get("Authorization");
  if (!value) {
    return std::nullopt;
  }
  constexpr std::string_view kScheme = "Bearer ";
  const bool bearer = value->size() > kScheme.size() &&
                      equal_without_case(value->substr(0, kScheme.size()), kScheme);
  const auto token = bearer ? value->substr(kScheme.size()) : std::string_view();
  // RFC 6750 section 2.1: b64token.
  const auto good = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  };
  if (token.empty() || token.size() > kMaxToken || !std::ranges::all_of(token, good) ||
      headers.count("Authorization") > 1) {
    return fail(Errc::unauthenticated, "Authorization: expected Bearer and one token");
  }
  return std::string(token);
}

Peer peer_of(const net::RequestHead& head) {
  Peer out;
  out.ip = head.peer.ip;
  if (const auto agent = head.headers.get("User-Agent")) {
    out.user_agent = printable(agent->substr(0, kMaxUserAgent));
  }
  // What a proxy on this machine passes on does not come from this machine.
  out.loopback = is_loopback(out.ip) && !head.forwarded;
  return out;
}

void add_security_headers(net::Headers& headers, bool tls) {
  set_default(headers, "Cache-Control", "no-store");
  set_default(headers, "X-Content-Type-Options", "nosniff");
  set_default(headers, "X-Frame-Options", "DENY");
  set_default(headers, "Referrer-Policy", "no-referrer");
  set_default(headers, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (tls) {
    set_default(headers, "Strict-Transport-Security", "max-age=31536000");
  }
}

RestFace::RestFace(std::span<const Serving> roles, OperationRunner& runner, TokenVerifier& verifier,
                   RandomSource& random)
    : router_(roles), runner_(runner), verifier_(verifier), random_(random) {}

std::uint64_t RestFace::body_limit(const net::RequestHead& head) {
  const auto route = router_.match(head.method, head.path);
  if (!route) {
    return 0;
  }
  // Nobody makes this process hold a large body before he has shown a token at all.
  const auto& operation = *route->operation;
  const auto token = bearer_token(head.headers);
  const bool nameless = operation.access != Access::everyone && (!token || !*token);
  return nameless ? std::min(operation.body_limit, kNamelessBody) : operation.body_limit;
}

Task<net::HttpResponse> RestFace::handle(net::HttpRequest request) {
  const auto request_id = to_hex(random_.array<8>());
  const bool tls = request.tls;
  auto response = co_await answer(request, request_id);
  response.headers.set("X-Request-Id", request_id);
  add_security_headers(response.headers, tls);
  co_return response;
}

Task<net::HttpResponse> RestFace::answer(net::HttpRequest& request, const std::string& request_id) {
  auto route = router_.match(request.method, request.path);
  if (!route) {
    co_return answer_unrouted(request, route.error(), request_id);
  }
  if (route->operation->face == Face::upgrade) {
    co_return upgrade_required(request_id);
  }
  OperationRequest out;
  out.request_id = request_id;
  out.peer = peer_of(request);
  out.path_parameters = std::move(route->parameters);
  out.defect = std::move(route->defect);
  read_request(request, *route->operation, out);
  if (auto status = co_await identify(request, *route->operation, out); !status) {
    const auto error =
        co_await runner_.refuse(*route->operation, std::move(out), std::move(status).error());
    co_return problem_response(error, request_id);
  }
  auto reply = co_await runner_.run(*route->operation, std::move(out));
  if (!reply) {
    co_return problem_response(reply.error(), request_id);
  }
  co_return to_response(std::move(*reply));
}

net::HttpResponse RestFace::answer_unrouted(const net::HttpRequest& request, const Error& error,
                                            const std::string& request_id) const {
  const auto allowed = router_.allowed(request.path);
  if (request.method == "OPTIONS" && !allowed.empty()) {
    net::HttpResponse out;
    out.status = 204;
    out.headers.set("Allow", allowed);
    return out;
  }
  auto out = problem_response(error, request_id);
  if (!allowed.empty()) {
    out.headers.set("Allow", allowed);
  }
  return out;
}

net::HttpResponse RestFace::upgrade_required(const std::string& request_id) {
  auto out = problem_response(Error(Errc::bad_request, "this path speaks WebSocket"), request_id);
  out.status = 426;
  out.headers.set("Upgrade", "websocket");
  out.headers.set("Connection", "Upgrade");
  return out;
}

Task<Status> RestFace::identify(const net::HttpRequest& request, const Operation& operation,
                                OperationRequest& out) {
  if (operation.access == Access::everyone) {
    co_return Status();
  }
  auto token = bearer_token(request.headers);
  if (!token) {
    co_return fail(std::move(token).error());
  }
  if (!*token) {
    co_return Status();  // nobody: authorisation says what that may do
  }
  auto principal = co_await verifier_.verify(std::move(**token));
  if (!principal) {
    co_return fail(std::move(principal).error());
  }
  out.principal = std::move(*principal);
  co_return Status();
}

}  // namespace unhidra::access
