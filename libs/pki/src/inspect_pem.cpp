// PEM texts (RFC 7468).
#include "unhidra/base/text.h"
#include "unhidra/pki/inspect.h"

namespace unhidra::pki {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

// The body without line breaks, and without the headers that old tools put before an empty line.
std::string base64_of(std::string_view body) {
  if (body.find(':') != std::string_view::npos) {
    const std::size_t unix_gap = body.find("\n\n");
    const std::size_t dos_gap = body.find("\r\n\r\n");
    const std::size_t gap = std::min(unix_gap, dos_gap);
    body = gap == std::string_view::npos ? std::string_view() : body.substr(gap);
  }
  std::string out;
  for (const char c : body) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<PemBlock> read_pem_blocks(std::string_view text, std::string_view* rest) {
  std::vector<PemBlock> out;
  if (rest != nullptr) {
    *rest = text;
  }
  if (text.size() > kMaxInspected) {
    return out;
  }
  std::size_t at = 0;
  while (out.size() < kMaxInspectedItems) {
    const std::size_t begin = text.find(kBegin, at);
    if (begin == std::string_view::npos) {
      break;
    }
    at = begin + kBegin.size();
    const std::size_t label_end = text.find(kDashes, at);
    if ((begin > 0 && text[begin - 1] != '\n') || label_end == std::string_view::npos) {
      continue;
    }
    const std::string label(text.substr(at, label_end - at));
    const std::size_t body = label_end + kDashes.size();
    const std::string closing = std::string(kEnd) + label + std::string(kDashes);
    const std::size_t end = text.find(closing, body);
    if (end == std::string_view::npos) {
      continue;
    }
    auto der = from_base64(base64_of(text.substr(body, end - body)));
    if (!der) {
      continue;
    }
    at = end + closing.size();
    while (at < text.size() && (text[at] == '\r' || text[at] == '\n')) {
      ++at;
    }
    out.push_back({label, std::move(*der)});
    if (rest != nullptr) {
      *rest = text.substr(at);
    }
  }
  return out;
}

}  // namespace unhidra::pki
