#include "unhidra/net/http_client.h"

#include <algorithm>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <curl/curl.h>

#include "unhidra/net/errc.h"

#include "http_text.h"
#include "tls_impl.h"

namespace unhidra::net {
namespace {

using Outcome = Result<HttpResponse>;
using EasyPtr = std::unique_ptr<CURL, OpenSslDeleter<curl_easy_cleanup>>;
using MultiPtr = std::unique_ptr<CURLM, OpenSslDeleter<curl_multi_cleanup>>;
using ListPtr = std::unique_ptr<curl_slist, OpenSslDeleter<curl_slist_free_all>>;

constexpr std::size_t kMaxResponseHeaders = 64 * 1024;

// One request under way; curl holds pointers into it.
struct Exchange {
  HttpRequestSpec request;
  std::function<void(Outcome)> done;
  EasyPtr easy;
  ListPtr headers;
  HttpResponse response;
  std::size_t header_bytes = 0;
  bool too_large = false;
  std::optional<Bytes> made_body;  // request.make_body's
  std::size_t body_sent = 0;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.response.body.size() + size > exchange.request.max_response_bytes) {
    exchange.too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  append(exchange.response.body, as_bytes({bytes, size}));
  return size;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kMaxResponseHeaders) {
    exchange.too_large = true;
    return 0;
  }
  const std::string_view line(bytes, size);
  if (line.starts_with("HTTP/")) {
    exchange.response.headers = {};  // a new response: after 100, or a redirect
    return size;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    auto value = line.substr(colon + 1);
    value = value.substr(0, value.find_last_not_of("\r\n") + 1);
    exchange.response.headers.add(std::string(line.substr(0, colon)), std::string(trim(value)));
  }
  return size;
}

// curl asks when the connection stands and the head of the request is on its way.
std::size_t give_body(char* out, std::size_t, std::size_t room, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.made_body) {
    const curl_tlssessioninfo* session = nullptr;
    curl_easy_getinfo(exchange.easy.get(), CURLINFO_TLS_SSL_PTR, &session);
    auto* ssl = session != nullptr ? static_cast<SSL*>(session->internals) : nullptr;
    const auto binding = ssl != nullptr ? tls_exporter_of(ssl) : std::nullopt;
    auto body = exchange.request.make_body(binding ? ByteView(*binding) : ByteView());
    if (!body) {
      return CURL_READFUNC_ABORT;
    }
    exchange.made_body = std::move(*body);
  }
  const auto size = std::min(room, exchange.made_body->size() - exchange.body_sent);
  std::copy_n(exchange.made_body->begin() + static_cast<std::ptrdiff_t>(exchange.body_sent), size,
              out);
  exchange.body_sent += size;
  return size;
}

// Another connection has another binding.
int begin_body_again(void* user, curl_off_t, int) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.made_body.reset();
  exchange.body_sent = 0;
  return CURL_SEEKFUNC_OK;
}

CURLcode tls_hook(CURL*, void* ssl_ctx, void* user) {
  auto* context = static_cast<SSL_CTX*>(ssl_ctx);
  const auto& settings = *static_cast<const TlsClientSettings*>(user);
  if (settings.pinned_certificate) {
    pin_certificate(context, &*settings.pinned_certificate);
  }
  return show_client_certificate(context, settings) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

Error to_error(CURLcode code, const Exchange& exchange) {
  const std::string what = curl_easy_strerror(code);
  if (exchange.too_large) {
    return {Errc::too_large, "the response is too large"};
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Errc::timed_out, what};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Errc::untrusted, what};
    case CURLE_SSL_CONNECT_ERROR:
      return {Errc::tls_failed, what};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return {Errc::bad_settings, what};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return {Errc::connect_failed, what};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return {Errc::closed, what};
    default:
      return {Errc::bad_message, what};
  }
}

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(started);
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(HttpClientSettings given) : settings(std::move(given)) {
    start_curl();
    multi.reset(curl_multi_init());
    thread = std::thread([this] { run(); });
  }
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    curl_multi_wakeup(multi.get());
    thread.join();
  }

  void submit(HttpRequestSpec request, std::function<void(Outcome)> done);
  void run();
  void start_waiting();
  void finish_done();
  void cancel_all();
  Status prepare(Exchange& exchange) const;
  void prepare_tls(CURL* easy) const;
  static void prepare_signature(CURL* easy, const AwsCredentials& credentials);
  Status prepare_headers(Exchange& exchange) const;

  const HttpClientSettings settings;
  std::mutex mutex;
  std::deque<std::unique_ptr<Exchange>> waiting;
  bool stopping = false;
  MultiPtr multi;
  std::unordered_map<CURL*, std::unique_ptr<Exchange>> running;  // the thread's own
  std::thread thread;
};

void HttpClient::Impl::submit(HttpRequestSpec request, std::function<void(Outcome)> done) {
  auto exchange = std::make_unique<Exchange>();
  exchange->request = std::move(request);
  exchange->done = std::move(done);
  {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(exchange));
  }
  curl_multi_wakeup(multi.get());
}

void HttpClient::Impl::run() {
  constexpr int kPollMs = 1000;  // curl's own timeouts and the wake-up end it earlier
  for (;;) {
    {
      const std::lock_guard lock(mutex);
      if (stopping) {
        break;
      }
    }
    start_waiting();
    int active = 0;
    curl_multi_perform(multi.get(), &active);
    finish_done();
    curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr);
  }
  cancel_all();
}

void HttpClient::Impl::start_waiting() {
  std::deque<std::unique_ptr<Exchange>> batch;
  {
    const std::lock_guard lock(mutex);
    batch.swap(waiting);
  }
  for (auto& exchange : batch) {
    exchange->easy.reset(curl_easy_init());
    if (auto ready = prepare(*exchange); !ready) {
      exchange->done(fail(std::move(ready).error()));
      continue;
    }
    CURL* const easy = exchange->easy.get();
    curl_multi_add_handle(multi.get(), easy);
    running.emplace(easy, std::move(exchange));
  }
}

void HttpClient::Impl::finish_done() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) {
      continue;
    }
    const CURLcode code = message->data.result;
    CURL* const easy = message->easy_handle;
    const auto exchange = std::move(running.extract(easy).mapped());
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(multi.get(), easy);
    if (code != CURLE_OK) {
      exchange->done(fail(to_error(code, *exchange)));
    } else {
      exchange->response.status = static_cast<int>(status);
      exchange->done(std::move(exchange->response));
    }
  }
}

void HttpClient::Impl::cancel_all() {
  for (auto& [easy, exchange] : running) {
    curl_multi_remove_handle(multi.get(), easy);
    exchange->done(fail(Errc::closed, "the client is being destroyed"));
  }
  running.clear();
  const std::lock_guard lock(mutex);
  for (auto& exchange : waiting) {
    exchange->done(fail(Errc::closed, "the client is being destroyed"));
  }
  waiting.clear();
}

void HttpClient::Impl::prepare_tls(CURL* easy) const {
  const auto& tls = settings.tls;
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, tls_hook);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<TlsClientSettings*>(&tls));
  if (tls.pinned_certificate) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);  // the pin stands for name and issuer
    return;
  }
  if (!tls.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!tls.ca_pem.empty()) {
    curl_blob blob{const_cast<char*>(tls.ca_pem.data()), tls.ca_pem.size(), CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
}

Status HttpClient::Impl::prepare_headers(Exchange& exchange) const {
  const auto add = [&](const std::string& line) {
    if (auto* list = curl_slist_append(exchange.headers.get(), line.c_str())) {
      static_cast<void>(exchange.headers.release());
      exchange.headers.reset(list);
    }
  };
  for (const auto& [name, value] : exchange.request.headers) {
    if (!is_token(name) || !is_field_value(value)) {
      return fail(Errc::bad_settings, "a header that cannot be sent");
    }
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!exchange.request.sign_with) {
    add("Expect:");  // no pause of a second before a large body; curl would sign the empty field
  }
  if (exchange.request.make_body) {
    add("Transfer-Encoding: chunked");
  }
  curl_easy_setopt(exchange.easy.get(), CURLOPT_HTTPHEADER, exchange.headers.get());
  return {};
}

void HttpClient::Impl::prepare_signature(CURL* easy, const AwsCredentials& credentials) {
  const auto scope = "aws:amz:" + credentials.region + ":" + credentials.service;
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scope.c_str());
  curl_easy_setopt(easy, CURLOPT_USERNAME, credentials.access_key.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials.secret_key.c_str());
}

Status HttpClient::Impl::prepare(Exchange& exchange) const {
  CURL* easy = exchange.easy.get();
  const auto& request = exchange.request;
  if (!is_token(request.method)) {
    return fail(Errc::bad_settings, "no such method");
  }
  UNHIDRA_TRY_VOID(prepare_headers(exchange));
  prepare_tls(easy);
  if (request.sign_with) {
    prepare_signature(easy, *request.sign_with);
  }
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, settings.max_redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, long{settings.max_redirects});
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // the environment decides nothing
  curl_easy_setopt(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (request.make_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, begin_body_again);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(
        easy, CURLOPT_POSTFIELDS,
        request.body.empty() ? "" : reinterpret_cast<const char*>(request.body.data()));
  }
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  return {};
}

HttpClient::HttpClient(HttpClientSettings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}
HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::fetch_sync(HttpRequestSpec request) {
  std::promise<Outcome> promise;
  auto future = promise.get_future();
  impl_->submit(std::move(request),
                [&promise](Outcome outcome) { promise.set_value(std::move(outcome)); });
  return future.get();
}

Task<Result<HttpResponse>> HttpClient::fetch(HttpRequestSpec request) {
  namespace asio = boost::asio;
  const auto outcome =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::shared_ptr<Outcome>)>(
          [&](auto handler) {
            auto back = asio::prefer(asio::get_associated_executor(handler),
                                     asio::execution::outstanding_work.tracked);
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            impl_->submit(std::move(request), [shared, back](Outcome result) {
              asio::dispatch(
                  back, [shared, value = std::make_shared<Outcome>(std::move(result))]() mutable {
                    (*shared)(std::move(value));
                  });
            });
          },
          asio::use_awaitable);
  co_return std::move(*outcome);
}

}  // namespace unhidra::net
