#include "unhidra/policy/remote.h"

#include "unhidra/rego/engine.h"
#include "unhidra/runtime/log.h"

namespace unhidra::policy {
namespace {

constexpr std::size_t kMaxAnswer = 1 << 20;

Decision unreachable(std::string why) {
  return {.allowed = false, .ground = Ground::unreachable, .revision = {}, .error = std::move(why)};
}

}  // namespace

RemotePolicy::RemotePolicy(RemoteSettings settings, net::HttpClient& client, DecisionSink* sink)
    : settings_(std::move(settings)), client_(client), sink_(sink) {}

net::HttpRequestSpec RemotePolicy::request(const rego::Value& input) const {
  net::HttpRequestSpec out{.method = "POST",
                           .url = settings_.url,
                           .headers = {{"Content-Type", "application/json"}},
                           .body = to_bytes(rego::value_to_json(
                               rego::Value::object({{rego::Value::string("input"), input}}))),
                           .timeout = settings_.timeout,
                           .max_response_bytes = kMaxAnswer};
  if (!settings_.token.empty()) {
    out.headers.set("Authorization", "Bearer " + settings_.token);
  }
  return out;
}

Decision RemotePolicy::read(const Result<net::HttpResponse>& response, const rego::Value& input) {
  Decision out;
  if (!response) {
    out = unreachable(response.error().message());
  } else if (response->status != 200) {
    out = unreachable("status " + std::to_string(response->status));
  } else {
    const auto document = rego::value_from_json(as_text(response->body));
    if (!document || !document->is(rego::Kind::object)) {
      out = unreachable("the answer is no JSON object");
    } else {
      out = judge(document->find("result"), 1);
    }
  }
  if (out.ground != Ground::policy) {
    log::warn("policy.remote_failed", {{"ground", to_string(out.ground)}, {"error", out.error}});
  }
  if (sink_ != nullptr) {
    sink_->record({.decision = out, .query = settings_.url, .input = input});
  }
  return out;
}

Task<Decision> RemotePolicy::decide(rego::Value input) {
  const auto response = co_await client_.fetch(request(input));
  co_return read(response, input);
}

Decision RemotePolicy::decide_sync(const rego::Value& input) {
  return read(client_.fetch_sync(request(input)), input);
}

}  // namespace unhidra::policy
