#pragma once
// The built web client (web/app), served from memory on the gateway's own port, so that pages,
// REST and WebSocket are one origin. Read once at the start: what is served cannot change under a
// running page.

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

#include "unhidra/base/error.h"
#include "unhidra/net/http.h"

namespace unhidra::gateway {

class WebClient {
 public:
  // Reads every file of the folder and, beside it, its compressed forms (NAME.br, NAME.gz).
  // Errc::no_web_client when there is no index.html, or when the folder is too large.
  static Result<WebClient> load(const std::filesystem::path& folder);

  // The answer to a GET or HEAD of one of its files, and of the pages that the application routes
  // by itself (a browser asks for HTML, the last segment has no dot); nothing for any other
  // request. Never an answer below /v1.
  std::optional<net::HttpResponse> answer(const net::RequestHead& head) const;

 private:
  struct Body {
    Bytes content;
    std::string etag;
  };
  struct File {
    std::string type;
    bool immutable = false;  // its name holds a hash of its content
    Body plain;
    std::optional<Body> brotli;
    std::optional<Body> gzip;
  };
  static net::HttpResponse respond(const File& file, const net::RequestHead& head);
  const File* find(const net::RequestHead& head) const;

  std::unordered_map<std::string, File> files_;  // by path, "/index.html"
};

}  // namespace unhidra::gateway
