#include "enrolment/cmp_face.h"

#include <algorithm>
#include <array>

#include "unhidra/pki/cmp.h"

#include "enrolment/est_face.h"

namespace unhidra::automation {
namespace {

using pki::CmpBody;

constexpr std::string_view kRoot = "/.well-known/cmp";
constexpr std::array<std::string_view, 6> kOperations{
    "initialization", "certification", "keyupdate", "pkcs10", "revocation", "getcacerts"};

std::string_view operation_of(std::optional<CmpBody> body) {
  switch (body.value_or(CmpBody::initialization_request)) {
    case CmpBody::initialization_request:
    case CmpBody::certification_request:
    case CmpBody::pkcs10_request:
      break;
    case CmpBody::key_update_request:
      return "keyupdate";
    case CmpBody::revocation_request:
      return "revocation";
    case CmpBody::general_message:
      return "getcacerts";
    case CmpBody::certificate_confirmation:
    case CmpBody::error:
      return "confirm";
    case CmpBody::poll_request:
      return "poll";
  }
  return "initialization";
}

}  // namespace

std::string cmp_path(const std::string& path, ByteView message) {
  std::string_view rest(path);
  if (!rest.starts_with(kRoot)) {
    return path;
  }
  rest.remove_prefix(kRoot.size());
  const auto label = std::string("/p/").append(kEstLabel);
  if (rest.starts_with(label)) {
    rest.remove_prefix(label.size());
  }
  const bool known = rest.empty() || rest == "/" ||
                     (rest.starts_with('/') &&
                      std::ranges::find(kOperations, rest.substr(1)) != kOperations.end());
  return known ? std::string(kRoot).append("/").append(operation_of(pki::cmp_body(message))) : path;
}

std::uint64_t CmpFace::body_limit(const net::RequestHead& head) {
  auto inner = head;
  inner.path = cmp_path(head.path, {});
  const bool unknown = head.path.starts_with(kRoot) && inner.path == head.path;
  // What is not there is told so, not that it is too large.
  return unknown ? pki::kMaxCmpMessage : inner_.body_limit(inner);
}

Task<net::HttpResponse> CmpFace::handle(net::HttpRequest request) {
  request.path = cmp_path(request.path, request.body);
  co_return co_await inner_.handle(std::move(request));
}

Task<net::UpgradeDecision> CmpFace::upgrade(net::RequestHead head) {
  co_return co_await inner_.upgrade(std::move(head));
}

}  // namespace unhidra::automation
