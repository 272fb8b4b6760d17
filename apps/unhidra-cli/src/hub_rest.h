#pragma once
// Commands for devices by HTTP, for programs on the hub's own machine: the server has no keys, so
// whoever seals commands has to be asked. POST /v1/device-commands {"device", "command",
// ["confirm"]} with the hub's token; the answer is the device's. Errors are problem documents
// (RFC 9457).

#include <functional>
#include <memory>

#include "unhidra/actions/hub.h"
#include "unhidra/base/secret.h"
#include "unhidra/net/server.h"

namespace unhidra::cli {

// What became of a request: refused, not sent for this reason, or answered; nothing in the last
// one when no answer has come in time.
struct HubAnswer {
  std::optional<actions::HubRefusal> refusal;
  std::optional<Error> not_sent;
  std::optional<std::string> text;
  std::string request_id;  // hexadecimal
};

// One line of at least 32 characters. Errc::usage.
Result<SecretBytes> read_hub_token(const std::string& file);

// Used, like its callback, on the executor's thread.
class HubRest final : private net::HttpHandler {
 public:
  using Ask = std::function<void(const actions::HubRequest&, std::function<void(HubAnswer)>)>;

  // Whoever shows the token may command what the hub's file lets `name` do.
  HubRest(Executor executor, SecretBytes token, std::string name, Ask ask);
  // `listen`: a loopback address and port (0: any). Errc::usage, or as net::Server::start().
  Status start(std::string_view listen);
  std::uint16_t port() const { return server_->port(); }

 private:
  struct Awaited;

  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;
  bool may(const net::RequestHead& head) const;

  Executor executor_;
  SecretBytes token_;
  std::string name_;
  Ask ask_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace unhidra::cli
