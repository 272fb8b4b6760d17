#include "enrolment/est_face.h"

namespace unhidra::automation {
namespace {

constexpr std::string_view kRoot = "/.well-known/est/";

bool is_est(std::string_view path) {
  return path.starts_with(kRoot);
}

std::string without_label(const std::string& path) {
  const auto labelled = std::string(kRoot).append(kEstLabel).append("/");
  return path.starts_with(labelled) ? std::string(kRoot) + path.substr(labelled.size()) : path;
}

}  // namespace

std::uint64_t EstFace::body_limit(const net::RequestHead& head) {
  auto inner = head;
  inner.path = without_label(head.path);
  return inner_.body_limit(inner);
}

Task<net::HttpResponse> EstFace::handle(net::HttpRequest request) {
  const bool est = is_est(request.path);
  request.path = without_label(request.path);
  auto response = co_await inner_.handle(std::move(request));
  if (est && response.status == 401) {
    response.headers.set("WWW-Authenticate", "Basic realm=\"device enrolment\"");
  }
  co_return response;
}

Task<net::UpgradeDecision> EstFace::upgrade(net::RequestHead head) {
  if (head.path == "/mqtt") {
    // A browser would show its client certificate for whatever page asks.
    if (net::from_foreign_page(head)) {
      co_return std::unexpected(
          net::HttpResponse::text(403, "Pages of other origins may not connect.\n"));
    }
    co_return upgrade_mqtt_(head);
  }
  co_return co_await inner_.upgrade(std::move(head));
}

}  // namespace unhidra::automation
