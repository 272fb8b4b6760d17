#include "https.h"

#include "unhidra/net/errc.h"

namespace unhidra::device {
namespace {

constexpr std::chrono::seconds kExchangeTime{15};
constexpr std::size_t kMaxAnswer = 64 * 1024;

}  // namespace

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

}  // namespace unhidra::device
