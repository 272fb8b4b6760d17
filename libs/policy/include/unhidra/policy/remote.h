#pragma once
// Asks an Open Policy Agent elsewhere instead of the policy in this process. Fails closed: no
// answer in time, another status than 200, or an answer that is not `true` is a denial.

#include <chrono>
#include <string>

#include "unhidra/net/http_client.h"
#include "unhidra/policy/decision.h"

namespace unhidra::policy {

struct RemoteSettings {
  std::string url;    // https://opa.example:8181/v1/data/unhidra/automation/allow
  std::string token;  // sent as a bearer token; empty: none
  std::chrono::milliseconds timeout{500};  // of the whole exchange
};

// Safe from any thread. The client and the sink (which may be null) outlive it.
class RemotePolicy {
 public:
  RemotePolicy(RemoteSettings settings, net::HttpClient& client, DecisionSink* sink = nullptr);
  Task<Decision> decide(rego::Value input);
  // Blocks the calling thread.
  Decision decide_sync(const rego::Value& input);

 private:
  net::HttpRequestSpec request(const rego::Value& input) const;
  Decision read(const Result<net::HttpResponse>& response, const rego::Value& input);

  RemoteSettings settings_;
  net::HttpClient& client_;
  DecisionSink* sink_;
};

}  // namespace unhidra::policy
