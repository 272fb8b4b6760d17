#include "enrolment.h"

#include <charconv>
#include <thread>

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"
#include "unhidra/net/http_client.h"

#include "output.h"

namespace unhidra::device {
namespace {

using namespace std::chrono_literals;

constexpr auto kExchangeTime = 15s;
constexpr std::size_t kMaxAnswer = 64 * 1024;

Result<net::HttpResponse> fetch(const Home& home, bool with_certificate,
                                net::HttpRequestSpec request) {
  UNHIDRA_TRY(auto tls, home.tls(with_certificate));
  net::HttpClient client({.tls = std::move(tls), .user_agent = "unhidra-device"});
  request.url = "https://" + home.settings().enrolment.to_string() + request.url;
  request.timeout = kExchangeTime;
  request.max_response_bytes = kMaxAnswer;
  auto answer = client.fetch_sync(std::move(request));
  if (answer) {
    return answer;
  }
  const auto where = home.settings().enrolment.to_string();
  if (answer.error() == net::Errc::untrusted || answer.error() == net::Errc::bad_settings) {
    return fail(Errc::untrusted, where + ": " + answer.error().message());
  }
  return fail(Errc::unreachable, where + ": " + answer.error().message());
}

std::uint32_t seconds(const net::HttpResponse& answer) {
  const auto text = answer.headers.get("Retry-After").value_or("");
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

net::HttpRequestSpec request_of(const Home& home, const uh_enrol_exchange& exchange,
                                const std::string& code) {
  net::HttpRequestSpec request;
  request.url = "/.well-known/est/" + std::string(exchange.path);
  if (exchange.wish != UH_WISH_GET) {
    request.method = "POST";
    request.body.assign(exchange.body, exchange.body + exchange.body_size);
    request.headers.add("Content-Type", "application/pkcs10");
  }
  if (exchange.wish == UH_WISH_POST) {
    request.headers.add("Authorization",
                        "Basic " + to_base64(as_bytes(home.device_id() + ":" + code)));
  }
  return request;
}

boost::json::object certificate_fields(const Home& home) {
  return {{"expires_at",
           to_rfc3339(from_unix_micros(static_cast<std::int64_t>(home.enrol.expires_at * 1000)))},
          {"renew_at",
           to_rfc3339(from_unix_micros(static_cast<std::int64_t>(home.enrol.renew_at * 1000)))}};
}

Status take_answer(Home& home, const std::string& what, net::HttpResponse answer) {
  const bool had = home.enrol.phase >= UH_ENROL_HOLDS;
  const auto status =
      uh_enrol_answer(&home.enrol, static_cast<std::uint16_t>(answer.status), seconds(answer),
                      answer.body.data(), answer.body.size(), home.uptime());
  if (status != UH_OK) {
    say("enrolment.refused_answer", {{"exchange", what}, {"status", static_cast<int>(status)}});
    return {};
  }
  if (home.enrol.phase == UH_ENROL_HOLDS) {
    say(had ? "certificate.renewed" : "certificate.issued", certificate_fields(home));
  } else if (answer.status == 202) {
    say("enrolment.waits_for_approval");
  } else if (answer.status != 200) {
    say("enrolment.refused", {{"exchange", what}, {"http_status", answer.status}});
  }
  return {};
}

}  // namespace

Result<std::uint64_t> enrol_step(Home& home, const std::string& code) {
  uh_enrol_exchange exchange;
  const auto status = uh_enrol_next(&home.enrol, !code.empty(), home.uptime(), &exchange);
  if (status != UH_OK) {
    return fail(Errc::bad_home, "the device's flash does not take what is to be stored");
  }
  if (exchange.wish == UH_WISH_NOTHING) {
    return exchange.at;
  }
  if (exchange.wish == UH_WISH_CODE) {
    return fail(Errc::needs_code,
                "a new one-time code is needed: make one for " + home.device_id());
  }
  const std::string what = exchange.path;
  auto answer =
      fetch(home, exchange.wish == UH_WISH_POST_WITH_CERTIFICATE, request_of(home, exchange, code));
  if (!answer && answer.error() == Errc::untrusted) {
    return fail(std::move(answer).error());
  }
  if (!answer) {
    uh_enrol_failed(&home.enrol, home.uptime());
    say("enrolment.unreachable", {{"exchange", what}, {"reason", answer.error().message()}});
    return home.enrol.wait_until;
  }
  UNHIDRA_TRY_VOID(take_answer(home, what, std::move(*answer)));
  return home.uptime();
}

Status enrol(Home& home, const std::string& code, std::chrono::milliseconds patience) {
  const auto until = home.uptime() + static_cast<std::uint64_t>(patience.count());
  while (!uh_enrol_has_certificate(&home.enrol, home.uptime())) {
    UNHIDRA_TRY(const auto next, enrol_step(home, code));
    const auto now = home.uptime();
    if (next > until) {
      return fail(Errc::timed_out, "no certificate in time; ask again with the same code");
    }
    if (next > now) {
      std::this_thread::sleep_for(std::chrono::milliseconds(next - now));
    }
  }
  return {};
}

// ---- the twin ----

namespace {

// What only the group's members may read: the state, sealed for them under the twin's own topic.
Result<std::string> sealed(Home& home, const std::string& document) {
  const auto topic = "devices/" + home.device_id() + "/twin";
  const uh_content content = {.sent_at = home.now(),
                              .not_after = 0,
                              .has_request = false,
                              .has_challenge = false,
                              .request = {},
                              .challenge = {},
                              .body = reinterpret_cast<const std::uint8_t*>(document.data()),
                              .body_size = document.size()};
  Bytes out(document.size() + UH_PAYLOAD_OVERHEAD + UH_CONTENT_OVERHEAD);
  std::size_t size = 0;
  if (!home.has_group() || uh_counters_ready(&home.counters, &home.group) != UH_OK ||
      uh_group_seal(&home.group, home.signing_seed(), topic.data(), topic.size(), UH_STATE_REPORT,
                    true, &content, out.data(), out.size(), &size) != UH_OK) {
    return fail(Errc::refused, "this device's twin is encrypted, and it is in no group");
  }
  out.resize(size);
  return to_base64url(out);
}

Result<net::HttpResponse> own_twin(Home& home) {
  UNHIDRA_TRY(auto answer, fetch(home, true, {.url = "/v1/device/twin"}));
  if (answer.status == 401) {
    return fail(Errc::needs_code, "the server does not take the certificate any more");
  }
  return answer;
}

}  // namespace

Status check_certificate(Home& home) {
  UNHIDRA_TRY(const auto answer, own_twin(home));
  static_cast<void>(answer);
  return {};
}

Status report_twin(Home& home, const boost::json::object& state) {
  UNHIDRA_TRY(const auto now, own_twin(home));
  boost::system::error_code error;
  const auto twin = boost::json::parse(as_text(now.body), error);
  if (now.status != 200 || error || !twin.is_object()) {
    return fail(Errc::refused, "the twin: HTTP status " + std::to_string(now.status));
  }
  boost::json::object report;
  const auto* encrypted = twin.as_object().if_contains("encrypted");
  if (encrypted != nullptr && encrypted->is_bool() && encrypted->as_bool()) {
    UNHIDRA_TRY(report["ciphertext"], sealed(home, boost::json::serialize(state)));
  } else if (home.is_commissioned()) {
    // The server has no say in whether it may read along.
    return fail(Errc::refused,
                "the server does not keep it encrypted; it gets nothing that it could read");
  } else {
    report["document"] = state;
  }
  report["firmware"] = "unhidra-device";
  net::HttpRequestSpec request{.method = "PUT", .url = "/v1/device/twin"};
  request.body = to_bytes(boost::json::serialize(report));
  request.headers.add("Content-Type", "application/json");
  UNHIDRA_TRY(const auto done, fetch(home, true, std::move(request)));
  if (done.status != 200) {
    return fail(Errc::refused, "the twin: HTTP status " + std::to_string(done.status));
  }
  return {};
}

}  // namespace unhidra::device
