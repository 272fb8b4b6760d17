#include "twin.h"

#include "unhidra/base/text.h"

#include "https.h"
#include "payloads.h"

namespace unhidra::device {

namespace json = boost::json;

namespace {

// Topics that are in no broker: they keep the two sides apart, and from everything else.
std::string reported_topic(const Home& home) {
  return "devices/" + home.device_id() + "/twin";
}
std::string desired_topic(const Home& home) {
  return reported_topic(home) + "/desired";
}

Result<net::HttpResponse> own_twin(Home& home) {
  UNHIDRA_TRY(auto answer, fetch(home, true, {.url = "/v1/device/twin"}));
  if (answer.status == 401) {
    return fail(Errc::needs_code, "the server does not take the certificate any more");
  }
  return answer;
}

std::string refusal(uh_status status) {
  switch (status) {
    case UH_STALE:
    case UH_DUPLICATE:
      return "the server brings back what is not wanted any more";
    case UH_DENIED:
      return "the owner's policy does not let its sender say what is wanted";
    default:
      return status_text(status);
  }
}

Result<json::object> parse(std::string_view document) {
  boost::system::error_code error;
  auto value = json::parse(document, error);
  if (error || !value.is_object()) {
    return fail(Errc::refused, "what is wanted is no JSON object");
  }
  return std::move(value.as_object());
}

}  // namespace

struct Twin::Server {
  bool encrypted = false;
  json::object desired;
};

Status check_certificate(Home& home) {
  UNHIDRA_TRY(const auto answer, own_twin(home));
  static_cast<void>(answer);
  return {};
}

Result<Twin::Server> Twin::ask() {
  UNHIDRA_TRY(const auto answer, own_twin(home_));
  boost::system::error_code error;
  auto twin = json::parse(as_text(answer.body), error);
  if (answer.status != 200 || error || !twin.is_object()) {
    return fail(Errc::refused, "the twin: HTTP status " + std::to_string(answer.status));
  }
  Server out;
  const auto* encrypted = twin.as_object().if_contains("encrypted");
  out.encrypted = encrypted != nullptr && encrypted->is_bool() && encrypted->as_bool();
  if (auto* desired = twin.as_object().if_contains("desired"); desired && desired->is_object()) {
    out.desired = std::move(desired->as_object());
  }
  return out;
}

Result<std::optional<json::object>> Twin::look() {
  UNHIDRA_TRY(const auto server, ask());
  auto now = json::serialize(server.desired);
  if (now == seen_) {
    return std::nullopt;
  }
  seen_ = std::move(now);
  const auto* document = server.desired.if_contains("document");
  const auto* ciphertext = server.desired.if_contains("ciphertext");
  if (home_.is_commissioned() || home_.has_group()) {
    if (document != nullptr) {
      return fail(Errc::refused, "it is not sealed: the server could have written it");
    }
    return ciphertext != nullptr && ciphertext->is_string() && !ciphertext->as_string().empty()
               ? open(std::string(ciphertext->as_string()))
               : std::nullopt;
  }
  return document != nullptr && document->is_object() ? std::optional(document->as_object())
                                                      : std::nullopt;
}

Result<std::optional<json::object>> Twin::open(const std::string& ciphertext) {
  auto payload = from_base64url(ciphertext);
  if (!payload || !home_.has_group()) {
    seen_.clear();  // keys may come
    return std::nullopt;
  }
  const auto topic = desired_topic(home_);
  uh_desired desired;
  const auto status = uh_agent_desired(&home_.agent, topic.data(), topic.size(), payload->data(),
                                       payload->size(), home_.uptime(), &desired);
  if (status == UH_STORAGE) {
    return fail(Errc::bad_home, "the device's flash does not take what is wanted");
  }
  if (status != UH_OK) {
    return fail(Errc::refused, refusal(status));
  }
  // What was taken before is wanted still: a device that starts anew does not know it any more.
  UNHIDRA_TRY(auto document, parse({desired.document, desired.size}));
  return std::optional(std::move(document));
}

// What only the group's members may read.
Result<std::string> Twin::seal(const std::string& document) {
  const auto topic = reported_topic(home_);
  const auto content = content_of(home_, document);
  Bytes out(document.size() + UH_PAYLOAD_OVERHEAD + UH_CONTENT_OVERHEAD);
  std::size_t size = 0;
  if (!home_.has_group() || uh_counters_ready(&home_.counters, &home_.group) != UH_OK ||
      uh_group_seal(&home_.group, home_.signing_seed(), topic.data(), topic.size(), UH_STATE_REPORT,
                    true, &content, out.data(), out.size(), &size) != UH_OK) {
    return fail(Errc::refused, "this device's twin is encrypted, and it is in no group");
  }
  out.resize(size);
  return to_base64url(out);
}

Status Twin::report(json::object state) {
  UNHIDRA_TRY(const auto server, ask());
  json::object report;
  if (server.encrypted) {
    // By this a controller sees which of its wishes the server has brought.
    if (const auto desired_at = home_.group.desired.sent_at; desired_at != 0) {
      state["desired_at"] = desired_at;
    }
    UNHIDRA_TRY(report["ciphertext"], seal(json::serialize(state)));
  } else if (home_.is_commissioned()) {
    // The server has no say in whether it may read along.
    return fail(Errc::refused,
                "the server does not keep it encrypted; it gets nothing that it could read");
  } else {
    report["document"] = std::move(state);
  }
  report["firmware"] = "unhidra-device";
  net::HttpRequestSpec request{.method = "PUT", .url = "/v1/device/twin"};
  request.body = to_bytes(json::serialize(report));
  request.headers.add("Content-Type", "application/json");
  UNHIDRA_TRY(const auto done, fetch(home_, true, std::move(request)));
  if (done.status != 200) {
    return fail(Errc::refused, "the twin: HTTP status " + std::to_string(done.status));
  }
  return {};
}

}  // namespace unhidra::device
