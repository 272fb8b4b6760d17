#pragma once
// The REST face of the auth role (api/openapi.yaml), as far as a chat client needs it. Blocks.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/net/tls.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace unhidra::net {
class HttpClient;
struct HttpRequestSpec;
struct HttpResponse;
}  // namespace unhidra::net

namespace unhidra::cli {

struct Tokens {
  std::string access_token;
  Timestamp access_expires_at;
  std::string refresh_token;
  UserId user;
  std::string gateway_url;  // empty: the server did not tell
  bool must_change_password = false;
};

struct NewDevice {
  DeviceId device;
  std::string access_token;
  Timestamp access_expires_at;
  std::string gateway_url;
};

struct ServerDevice {
  DeviceId id;
  std::string name;
  std::string created_at;
  std::string last_seen_at;
  bool revoked = false;
};

struct Credentials {
  std::string username;
  std::string password;
  std::string organization;  // empty: the server's first one
  std::string invitation;
  std::string display_name;
  std::optional<DeviceId> device;  // log_in(): one of the account's that comes back
};

struct Invitation {
  std::string token;
  std::string role;
  std::string expires_at;
};

// "https://host:9200" taken apart; Errc::usage when it is no such URL.
struct Endpoint {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  std::string target;
};
Result<Endpoint> parse_endpoint(const std::string& url);

class Rest {
 public:
  Rest(std::string server, net::TlsClientSettings tls, const Clock& clock);
  ~Rest();

  Result<Tokens> sign_up(const Credentials& credentials);
  Result<Tokens> log_in(const Credentials& credentials);
  // `retry_key` makes a repetition harmless when the answer was lost.
  Result<Tokens> refresh(const std::string& refresh_token, const std::string& retry_key);
  Status log_out(const std::string& access_token);
  Status change_password(const std::string& access_token, const std::string& current,
                         const std::string& fresh);
  Result<NewDevice> register_device(const std::string& access_token, const std::string& name);
  Result<std::vector<ServerDevice>> devices(const std::string& access_token);
  Status revoke_device(const std::string& access_token, DeviceId device);
  // `role` empty: member; `hours` 0: as long as the server gives.
  Result<Invitation> invite(const std::string& access_token, const std::string& role,
                            std::uint64_t hours);
  // One request with a JSON answer (null when it has no body), for what has no function of its own.
  Result<boost::json::value> call(std::string method, const std::string& path,
                                  const boost::json::object* body, const std::string& access_token);
  // Parts of files: bytes as they are; of a download those from `from` up to, not with, `to`.
  Status put_bytes(const std::string& path, ByteView bytes, const std::string& access_token);
  Result<Bytes> get_bytes(const std::string& path, std::uint64_t from, std::uint64_t to,
                          const std::string& access_token);
  // The stable code of the server's last refusal; empty when it said none.
  const std::string& last_refusal() const { return last_refusal_; }

 private:
  Result<Tokens> tokens_of(Result<boost::json::value> answer) const;
  Result<net::HttpResponse> ask(net::HttpRequestSpec request, const std::string& access_token);

  std::string server_;
  const Clock* clock_;
  std::unique_ptr<net::HttpClient> http_;
  std::string last_refusal_;
};

// The message for a server whose certificate nobody vouches for: its fingerprint, and how to pin.
Error untrusted_server(const std::string& url, const std::string& why);

}  // namespace unhidra::cli
