#include "unhidra/gateway/web_client.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "unhidra/access/rest_face.h"
#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/gateway/errc.h"
#include "unhidra/runtime/files.h"

namespace unhidra::gateway {
namespace {

constexpr std::size_t kMaxFiles = 2'000;
constexpr std::size_t kMaxBytes = 64 * 1024 * 1024;
constexpr std::string_view kIndex = "/index.html";

// Scripts from this server alone, none inline, none from text (Trusted Types); WebAssembly for the
// client's core. Styles are files, too: what the application sets on elements goes through the
// CSSOM, which the policy does not concern.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types unhidra";

std::string_view type_of(const std::filesystem::path& path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".wasm", "application/wasm"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/vnd.microsoft.icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".map", "application/json"},
  }};
  const auto extension = path.extension().string();
  const auto found =
      std::ranges::find(kTypes, extension, [](const auto& type) { return type.first; });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

std::string etag_of(ByteView content) {
  return '"' + to_base64url(ByteView(crypto::native_provider().sha256(content)).first(16)) + '"';
}

// RFC 9110 section 12.5.3: whether the client takes this coding; q=0 says that it does not.
bool accepts(const net::Headers& headers, std::string_view coding) {
  return std::ranges::any_of(headers.list("Accept-Encoding"), [&](std::string_view element) {
    const auto name = element.substr(0, element.find_first_of("; \t"));
    if (name != coding) {
      return false;
    }
    const auto q = element.find("q=");
    double weight = 1;
    if (q != std::string_view::npos) {
      std::from_chars(element.data() + q + 2, element.data() + element.size(), weight);
    }
    return weight > 0;
  });
}

bool is_page(const net::RequestHead& head) {
  const auto last = std::string_view(head.path).substr(head.path.rfind('/') + 1);
  const auto accept = head.headers.get("Accept");
  return last.find('.') == std::string_view::npos && accept &&
         accept->find("text/html") != std::string_view::npos;
}

bool is_api(std::string_view path) {
  return path == "/v1" || path.starts_with("/v1/");
}

}  // namespace

Result<WebClient> WebClient::load(const std::filesystem::path& folder) {
  WebClient out;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(folder, error);
  std::size_t left = kMaxBytes;
  const auto read = [&](const std::filesystem::path& path) -> Result<Body> {
    UNHIDRA_TRY(auto content, runtime::read_file(path, left));
    left -= content.size();
    auto etag = etag_of(content);
    return Body{std::move(content), std::move(etag)};
  };
  for (const auto end = std::filesystem::recursive_directory_iterator(); !error && entries != end;
       entries.increment(error)) {
    const auto& path = entries->path();
    const auto extension = path.extension();
    if (!entries->is_regular_file() || entries->is_symlink() || extension == ".br" ||
        extension == ".gz") {
      continue;
    }
    const auto name = "/" + path.lexically_relative(folder).generic_string();
    if (is_api(name)) {
      continue;
    }
    if (out.files_.size() == kMaxFiles) {
      return fail(Errc::no_web_client, folder.string() + " has too many files for a web client");
    }
    File file{.type = std::string(type_of(path)), .immutable = name.starts_with("/assets/")};
    UNHIDRA_TRY(file.plain, read(path));
    for (const auto& [suffix, form] :
         {std::pair(".br", &file.brotli), std::pair(".gz", &file.gzip)}) {
      if (const auto packed = path.string() + suffix; std::filesystem::is_regular_file(packed)) {
        UNHIDRA_TRY(*form, read(packed));
      }
    }
    out.files_.emplace(name, std::move(file));
  }
  if (!out.files_.contains(std::string(kIndex))) {
    return fail(Errc::no_web_client,
                folder.string() + " holds no web client: build it with web/app/build.sh");
  }
  return out;
}

const WebClient::File* WebClient::find(const net::RequestHead& head) const {
  if (is_api(head.path)) {
    return nullptr;
  }
  auto found = files_.find(head.path == "/" ? std::string(kIndex) : head.path);
  if (found == files_.end() && is_page(head)) {
    found = files_.find(std::string(kIndex));
  }
  return found == files_.end() ? nullptr : &found->second;
}

std::optional<net::HttpResponse> WebClient::answer(const net::RequestHead& head) const {
  if (head.method != "GET" && head.method != "HEAD") {
    return std::nullopt;
  }
  const auto* file = find(head);
  if (file == nullptr) {
    return std::nullopt;
  }
  return respond(*file, head);
}

net::HttpResponse WebClient::respond(const File& file, const net::RequestHead& head) {
  const auto* body = &file.plain;
  net::HttpResponse out;
  if (file.brotli && accepts(head.headers, "br")) {
    body = &*file.brotli;
    out.headers.set("Content-Encoding", "br");
  } else if (file.gzip && accepts(head.headers, "gzip")) {
    body = &*file.gzip;
    out.headers.set("Content-Encoding", "gzip");
  }
  out.headers.set("Content-Type", file.type);
  out.headers.set("ETag", body->etag);
  out.headers.set("Vary", "Accept-Encoding");
  out.headers.set("Cache-Control",
                  file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  out.headers.set("Content-Security-Policy", std::string(kContentSecurityPolicy));
  out.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  out.headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  out.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  out.headers.set("Permissions-Policy",
                  "camera=(self), geolocation=(), microphone=(), payment=(), usb=()");
  access::add_security_headers(out.headers, head.tls);
  if (head.headers.has_token("If-None-Match", body->etag)) {
    out.status = 304;
    return out;
  }
  out.body = body->content;
  return out;
}

}  // namespace unhidra::gateway
