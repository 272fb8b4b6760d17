#pragma once
// Outbound HTTP over libcurl, on one thread of its own.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "unhidra/net/http.h"
#include "unhidra/net/tls.h"

namespace unhidra::net {

// Signs requests as object stores of the S3 kind ask for (AWS Signature Version 4, by libcurl). The
// query of such a request is sorted by name, each name followed by '='; the header
// x-amz-content-sha256 holds the hex SHA-256 of the body.
struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string region;   // "us-east-1"
  std::string service;  // "s3"
};

// The body of a request that only its connection can tell: `tls_exporter` is the channel binding of
// RFC 9266, empty without TLS 1.3. Called on the client's thread, once for each connection that is
// tried.
using BodyMaker = std::function<Result<Bytes>(ByteView tls_exporter)>;

struct HttpRequestSpec {
  std::string method = "GET";
  std::string url{};  // http or https, nothing else
  Headers headers{};
  Bytes body{};
  BodyMaker make_body{};  // instead of `body`; sent in chunks, as its size is not known before
  std::chrono::milliseconds timeout{30'000};  // the whole exchange
  std::size_t max_response_bytes = 16 << 20;
  std::shared_ptr<const AwsCredentials> sign_with{};  // null: not signed
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
