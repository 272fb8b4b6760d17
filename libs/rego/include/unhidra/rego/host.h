#pragma once
// What only the host of an evaluation can do. Each is off unless the host overrides it: the call
// then fails, as any call of a built-in function can.
//
// Called on the thread that evaluates, which waits for it; the budget of time is looked at
// afterwards.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "unhidra/base/error.h"
#include "unhidra/rego/value.h"

namespace unhidra::rego {

class Host {
 public:
  virtual ~Host() = default;
  // http.send: the request object of the language's reference to its response.
  virtual Result<Value> http_send(const Value& request);
  // opa.runtime: by default an empty object.
  virtual Result<Value> runtime();
  // net.lookup_ip_addr: a set of addresses as text.
  virtual Result<Value> lookup_ip_addr(std::string_view name);
  // providers.aws.sign_req: the request with its signature.
  virtual Result<Value> sign_request(const Value& request, const Value& configuration,
                                     std::int64_t now_ns);
  // test.sleep: returns when the time is over. Never asked for more than is left of the
  // evaluation's own time, and not at all unless policies are compiled with it.
  virtual Status sleep(std::chrono::nanoseconds duration);
};

}  // namespace unhidra::rego
