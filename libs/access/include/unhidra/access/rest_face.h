#pragma once
// The REST routes of a role, from the operations table: matching, 405 with Allow, HEAD, body
// limits, content type, bearer token, security headers, problem answers.

#include <memory>
#include <string>
#include <vector>

#include "unhidra/access/runner.h"
#include "unhidra/net/http.h"

namespace unhidra::access {

// Checks an access token or an API key; the auth role implements it.
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  // Any failure is answered with 401; the message may say why ("expired"), never more.
  virtual Task<Result<Principal>> verify(std::string token) = 0;
};

struct Route {
  const Operation* operation = nullptr;
  NamedValues parameters;
  std::optional<Error> defect;  // a parameter that is no id or role: Errc::not_found
};

class Router {
 public:
  // The REST and upgrade rows of these roles.
  explicit Router(std::span<const Serving> roles);
  // Errc::unknown_operation or method_not_allowed (allowed() says which are). HEAD matches GET.
  // `path` is still percent-encoded.
  Result<Route> match(std::string_view method, std::string_view path) const;
  // "GET, HEAD, POST"; empty when the path is unknown.
  std::string allowed(std::string_view path) const;
  std::vector<const Operation*> routes() const;

 private:
  struct Pattern {
    const Operation* operation;
    std::vector<std::string_view> segments;
  };
  static bool matches(const Pattern& pattern, std::span<const std::string> segments);
  std::vector<Pattern> patterns_;
};

// All references outlive it.
class RestFace : public net::HttpHandler {
 public:
  RestFace(std::span<const Serving> roles, OperationRunner& runner, TokenVerifier& verifier,
           RandomSource& random);

  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;

  const Router& router() const { return router_; }

 private:
  Task<net::HttpResponse> answer(net::HttpRequest& request, const std::string& request_id);
  net::HttpResponse answer_unrouted(const net::HttpRequest& request, const Error& error,
                                    const std::string& request_id) const;
  static net::HttpResponse upgrade_required(const std::string& request_id);
  Task<Status> identify(const net::HttpRequest& request, const Operation& operation,
                        OperationRequest& out);

  Router router_;
  OperationRunner& runner_;
  TokenVerifier& verifier_;
  RandomSource& random_;
};

// The token of `Authorization: Bearer ...`; nothing when there is no such header, an error when it
// is malformed or given twice.
Result<std::optional<std::string>> bearer_token(const net::Headers& headers);
Peer peer_of(const net::RequestHead& head);
// no-store, nosniff, no referrer, no framing, and HSTS over TLS.
void add_security_headers(net::Headers& headers, bool tls);

}  // namespace unhidra::access
