#pragma once
// Outbound HTTP over libcurl, on one thread of its own.

#include <chrono>
#include <memory>
#include <string>

#include "unhidra/net/http.h"
#include "unhidra/net/tls.h"

namespace unhidra::net {

struct HttpRequestSpec {
  std::string method = "GET";
  std::string url{};  // http or https, nothing else
  Headers headers{};
  Bytes body{};
  std::chrono::milliseconds timeout{30'000};  // the whole exchange
  std::size_t max_response_bytes = 16 << 20;
};

struct HttpClientSettings {
  TlsClientSettings tls{};
  std::chrono::milliseconds connect_timeout{10'000};
  int max_redirects = 0;  // none are followed by default
  std::string user_agent = "unhidra";
};

// May be used from any thread. Destruction cancels what is under way (Errc::closed).
class HttpClient {
 public:
  explicit HttpClient(HttpClientSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is a success here; failures are connect_failed, untrusted, tls_failed, timed_out,
  // too_large, bad_message, bad_settings. Resumes on the caller's executor.
  Task<Result<HttpResponse>> fetch(HttpRequestSpec request);
  // Blocks the calling thread.
  Result<HttpResponse> fetch_sync(HttpRequestSpec request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::net
