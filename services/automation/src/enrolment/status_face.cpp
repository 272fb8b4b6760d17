#include "enrolment/status_face.h"

namespace unhidra::automation {
namespace {

bool is_status(const net::RequestHead& head) {
  return head.path == "/pki/devices.crl" || head.path.starts_with("/pki/devices/") ||
         head.path == "/pki/ocsp" || head.path.starts_with("/pki/ocsp/");
}

}  // namespace

std::uint64_t StatusFace::body_limit(const net::RequestHead& head) {
  return is_status(head) ? inner_.body_limit(head) : 0;
}

Task<net::HttpResponse> StatusFace::handle(net::HttpRequest request) {
  if (!is_status(request)) {
    co_return net::HttpResponse::text(404, "Only CRL and OCSP are served here.\n");
  }
  co_return co_await inner_.handle(std::move(request));
}

}  // namespace unhidra::automation
