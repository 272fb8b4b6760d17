#include "enrolment.h"

#include <charconv>
#include <thread>

#include "unhidra/base/text.h"

#include "https.h"
#include "output.h"

namespace unhidra::device {
namespace {

std::uint32_t seconds(const net::HttpResponse& answer) {
  const auto text = answer.headers.get("Retry-After").value_or("");
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Result<Bytes> body_of(Home& home, ByteView binding) {
  uh_enrol_body body;
  if (uh_enrol_request(&home.enrol, binding.empty() ? nullptr : binding.data(), &body) != UH_OK) {
    return fail(Errc::bad_home, "the device's key cannot be used");
  }
  return Bytes(body.text, body.text + body.size);
}

net::HttpRequestSpec request_of(Home& home, const uh_enrol_exchange& exchange,
                                const std::string& code) {
  net::HttpRequestSpec request;
  request.url = "/.well-known/est/" + std::string(exchange.path);
  if (exchange.wish != UH_WISH_GET) {
    request.method = "POST";
    request.make_body = [&home](ByteView binding) { return body_of(home, binding); };
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

}  // namespace unhidra::device
