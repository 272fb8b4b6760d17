// A server for foreign clients: prints "port fingerprint" and serves until its input ends.
// Usage: net_echo_server [certificate.pem-to-write]  (with it: TLS; without: plain)
#include <cstdio>
#include <fstream>

#include "unhidra/base/text.h"

#include "test_server.h"

int main(int argc, char** argv) {
  using namespace unhidra;
  using namespace unhidra::net;
  std::shared_ptr<TlsServerContext> tls;
  std::string fingerprint = "-";
  if (argc > 1) {
    const auto certificate = test::make_certificate();
    std::ofstream(argv[1]) << certificate.pem;
    tls = TlsServerContext::create(test::tls_settings(certificate)).value();
    fingerprint = to_hex(tls->fingerprint());
  }
  test::TestServer server({}, tls);
  server.handler().websocket_settings = WebSocketSettings{
      .max_message_bytes = 4 << 20, .max_frame_bytes = 4 << 20, .max_queued_bytes = 16 << 20};
  std::printf("%d %s\n", server.port(), fingerprint.c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return server.shutdown(std::chrono::seconds(5)) == 0 ? 0 : 1;
}
