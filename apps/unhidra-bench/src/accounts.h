#pragma once
// Accounts of the load tool: made over the REST interface (api/openapi.yaml) by open sign-up.

#include <memory>
#include <string>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/runtime/task.h"

#include "options.h"

namespace unhidra::net {
class HttpClient;
}

namespace unhidra::bench {

struct Account {
  std::string username;
  UserId user;
  DeviceId device;
  std::string access_token;
  std::string refresh_token;
  Timestamp access_expires_at;
  std::string gateway;  // wss://host:port/v1/ws, as the server tells
};

// Its methods may be called from any thread.
class AccountService {
 public:
  AccountService(Target target, const Clock& clock, RandomSource& random);
  ~AccountService();

  // Signs up `count` users with one device each, several at a time; tells how far it is on stderr.
  // Each costs the server one password hash.
  Result<std::vector<Account>> create(std::size_t count);
  // The same, but takes over what an earlier run left in `file`, with fresh tokens, and writes the
  // file anew. With an empty name it is `create`.
  Result<std::vector<Account>> take_or_create(std::size_t count, const std::string& file);
  Task<Result<Account>> refreshed(Account account);

 private:
  Result<Account> create_one(std::size_t number);
  Result<Account> refreshed_now(Account account);

  Target target_;
  const Clock& clock_;
  RandomSource& random_;
  std::string prefix_;
  std::unique_ptr<net::HttpClient> http_;
};

}  // namespace unhidra::bench
