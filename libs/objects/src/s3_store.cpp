#include "unhidra/objects/s3_store.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "unhidra/base/text.h"

namespace unhidra::objects {
namespace {

using storage::Errc;
using storage::kObjectPart;

constexpr std::size_t kMaxParts = 10'000;            // of one object, in S3
constexpr std::size_t kMaxAnswer = 4 * 1024 * 1024;  // bytes of XML
constexpr std::size_t kMaxRead = std::size_t{16} * 1024 * 1024;

bool holds_only(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
}

// RFC 3986 section 2.3: everything but the unreserved characters, as the signature wants it.
std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= 'A' && c <= 'Z') || holds_only({&c, 1}, "-._~")) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

// The content of the first such element at or after `at`, which moves behind it. S3's answers nest
// no element in one of its own name.
std::optional<std::string_view> next_element(std::string_view xml, std::string_view name,
                                             std::size_t& at) {
  const auto open = "<" + std::string(name) + ">";
  const auto close = "</" + std::string(name) + ">";
  const auto start = xml.find(open, at);
  const auto end = start == xml.npos ? start : xml.find(close, start);
  if (end == xml.npos) {
    return std::nullopt;
  }
  at = end + close.size();
  return xml.substr(start + open.size(), end - start - open.size());
}

std::string element(std::string_view xml, std::string_view name) {
  std::size_t at = 0;
  return std::string(next_element(xml, name, at).value_or(std::string_view()));
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty()
             ? std::optional(out)
             : std::nullopt;
}

struct Part {
  std::uint64_t number = 0;
  std::string tag;  // as it stood in the XML
  std::uint64_t size = 0;
};

class S3Store final : public storage::ObjectStore {
 public:
  S3Store(const crypto::Provider& provider, S3Settings settings)
      : provider_(provider),
        settings_(std::move(settings)),
        credentials_(std::make_shared<net::AwsCredentials>(settings_.credentials)),
        client_({.tls = settings_.tls}) {}

  Result<std::string> begin(const Uuid& name) override;
  Status put_part(const Uuid& name, std::string_view upload, std::uint64_t offset,
                  ByteView part) override;
  Status complete(const Uuid& name, std::string_view upload, std::uint64_t size) override;
  Status abandon(const Uuid& name, std::string_view upload) override;
  Result<std::uint64_t> size(const Uuid& name) override;
  Result<Bytes> read(const Uuid& name, std::uint64_t offset, std::size_t length) override;
  Status remove(const Uuid& name) override;
  Status check(std::chrono::milliseconds patience) override;

 private:
  Result<net::HttpResponse> ask(std::string method, const Uuid& name, const std::string& query,
                                Bytes body = {}, net::Headers headers = {});
  Result<net::HttpResponse> ask_for(std::chrono::milliseconds patience, std::string method,
                                    const Uuid& name, const std::string& query, Bytes body,
                                    net::Headers headers);
  // Nothing when the upload is not there.
  Result<std::optional<std::vector<Part>>> list_parts(const Uuid& name, std::string_view upload);
  Status check_completed(const Uuid& name, std::uint64_t size);

  const crypto::Provider& provider_;
  S3Settings settings_;
  std::shared_ptr<const net::AwsCredentials> credentials_;
  net::HttpClient client_;
};

std::string code_of(const net::HttpResponse& response) {
  return printable(element(as_text(response.body), "Code")).substr(0, 64);
}

// The object, or the upload, is not there. A bucket that is not there says nothing about it.
bool is_missing(const net::HttpResponse& response) {
  return response.status == 404 && code_of(response) != "NoSuchBucket";
}

std::unexpected<Error> refused(std::string_view what, const net::HttpResponse& response) {
  return fail(Errc::unavailable, std::string(what) + ": the object store answered " +
                                     std::to_string(response.status) + " " + code_of(response));
}

Result<net::HttpResponse> S3Store::ask(std::string method, const Uuid& name,
                                       const std::string& query, Bytes body, net::Headers headers) {
  return ask_for(settings_.timeout, std::move(method), name, query, std::move(body),
                 std::move(headers));
}

Result<net::HttpResponse> S3Store::ask_for(std::chrono::milliseconds patience, std::string method,
                                           const Uuid& name, const std::string& query, Bytes body,
                                           net::Headers headers) {
  net::HttpRequestSpec request;
  request.method = std::move(method);
  request.url = settings_.endpoint + "/" + settings_.bucket + "/" + settings_.prefix +
                to_hex(name) + (query.empty() ? "" : "?" + query);
  request.headers = std::move(headers);
  request.headers.set("x-amz-content-sha256", to_hex(provider_.sha256(body)));
  request.body = std::move(body);
  request.timeout = patience;
  request.max_response_bytes = std::max(kMaxRead, kMaxAnswer);
  request.sign_with = credentials_;
  auto response = client_.fetch_sync(std::move(request));
  if (!response) {
    return fail(Errc::unavailable, "the object store: " + response.error().message());
  }
  return response;
}

Result<std::string> S3Store::begin(const Uuid& name) {
  UNHIDRA_TRY(const auto response, ask("POST", name, "uploads="));
  auto upload = element(as_text(response.body), "UploadId");
  if (response.status != 200 || upload.empty() || upload.size() > 1024) {
    return refused("beginning an upload", response);
  }
  return upload;
}

Status S3Store::put_part(const Uuid& name, std::string_view upload, std::uint64_t offset,
                         ByteView part) {
  const auto number = offset / kObjectPart + 1;
  if (offset % kObjectPart != 0 || part.size() > kObjectPart || number > kMaxParts) {
    return fail(Errc::bad_object, "no part of an object begins there or has that size");
  }
  const auto query = "partNumber=" + std::to_string(number) + "&uploadId=" + escaped(upload);
  UNHIDRA_TRY(const auto response, ask("PUT", name, query, to_bytes(part)));
  if (is_missing(response)) {
    return fail(Errc::no_such_object, "the store holds no such upload");
  }
  return response.status == 200 ? Status() : refused("storing a part", response);
}

Result<std::optional<std::vector<Part>>> S3Store::list_parts(const Uuid& name,
                                                             std::string_view upload) {
  std::vector<Part> out;
  for (;;) {
    const auto marker = out.empty() ? 0 : out.back().number;
    UNHIDRA_TRY(const auto response, ask("GET", name,
                                         "part-number-marker=" + std::to_string(marker) +
                                             "&uploadId=" + escaped(upload)));
    if (is_missing(response)) {
      return std::nullopt;
    }
    if (response.status != 200) {
      return refused("listing parts", response);
    }
    const auto xml = as_text(response.body);
    const auto before = out.size();
    std::size_t at = 0;
    while (const auto entry = next_element(xml, "Part", at)) {
      const auto number = number_of(element(*entry, "PartNumber"));
      const auto size = number_of(element(*entry, "Size"));
      if (!number || !size || *number <= marker || out.size() == kMaxParts) {
        return fail(Errc::unavailable, "the object store's list of parts makes no sense");
      }
      out.push_back({*number, element(*entry, "ETag"), *size});
    }
    if (element(xml, "IsTruncated") != "true" || out.size() == before) {
      return out;
    }
  }
}

Status S3Store::check_completed(const Uuid& name, std::uint64_t size) {
  UNHIDRA_TRY(const auto held, this->size(name));
  if (held != size) {
    return fail(Errc::bad_object,
                "the object has " + std::to_string(held) + " bytes, not " + std::to_string(size));
  }
  return {};
}

Status S3Store::complete(const Uuid& name, std::string_view upload, std::uint64_t size) {
  UNHIDRA_TRY(const auto parts, list_parts(name, upload));
  if (!parts) {
    return check_completed(name, size);  // asked again
  }
  std::uint64_t total = 0;
  std::string body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const auto& part = (*parts)[i];
    total += part.size;
    if (part.number != i + 1 || (i + 1 < parts->size() && part.size != kObjectPart)) {
      return fail(Errc::bad_object, "a part of the object is missing or too short");
    }
    body += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><ETag>" + part.tag +
            "</ETag></Part>";
  }
  if (total != size || parts->empty()) {
    return fail(Errc::bad_object,
                "the object has " + std::to_string(total) + " bytes, not " + std::to_string(size));
  }
  body += "</CompleteMultipartUpload>";
  UNHIDRA_TRY(const auto response, ask("POST", name, "uploadId=" + escaped(upload), to_bytes(body),
                                       {{"Content-Type", "application/xml"}}));
  // S3 may answer 200 and report an error in the body, after it has begun to answer.
  if (response.status != 200 || !element(as_text(response.body), "Code").empty()) {
    return refused("completing an object", response);
  }
  return check_completed(name, size);
}

Status S3Store::abandon(const Uuid& name, std::string_view upload) {
  UNHIDRA_TRY(const auto response, ask("DELETE", name, "uploadId=" + escaped(upload)));
  const bool gone = response.status == 204 || response.status == 200 || is_missing(response);
  return gone ? Status() : refused("abandoning an upload", response);
}

Result<std::uint64_t> S3Store::size(const Uuid& name) {
  UNHIDRA_TRY(const auto response, ask("HEAD", name, ""));
  if (response.status == 404) {
    return fail(Errc::no_such_object, "the store holds no such object");
  }
  const auto length = number_of(response.headers.get("Content-Length").value_or(""));
  if (response.status != 200 || !length) {
    return refused("asking for a size", response);
  }
  return *length;
}

Result<Bytes> S3Store::read(const Uuid& name, std::uint64_t offset, std::size_t length) {
  length = std::min(length, kMaxRead);
  if (length == 0 || offset + length < offset) {
    return Bytes();
  }
  const auto range = "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1);
  UNHIDRA_TRY(auto response, ask("GET", name, "", {}, {{"Range", range}}));
  if (is_missing(response)) {
    return fail(Errc::no_such_object, "the store holds no such object");
  }
  if (response.status == 416) {
    return Bytes();
  }
  if (response.status != 206 || response.body.size() > length) {
    return refused("reading an object", response);
  }
  return std::move(response.body);
}

Status S3Store::remove(const Uuid& name) {
  UNHIDRA_TRY(const auto response, ask("DELETE", name, ""));
  const bool gone = response.status == 204 || response.status == 200 || is_missing(response);
  return gone ? Status() : refused("removing an object", response);
}

// By an object that is nowhere: who may not list the bucket is told AccessDenied of it, and may
// use it all the same.
Status S3Store::check(std::chrono::milliseconds patience) {
  UNHIDRA_TRY(const auto response, ask_for(patience, "GET", Uuid(), "", {}, {}));
  const auto code = code_of(response);
  if (code == "NoSuchBucket") {
    return fail(Errc::bad_settings, "the object store has no bucket " + settings_.bucket);
  }
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch") {
    return fail(Errc::bad_settings,
                "the object store does not take the access key and its secret (" + code + ")");
  }
  const bool usable = is_missing(response) || response.status == 403 || response.status == 200;
  return usable ? Status() : refused("looking at the bucket", response);
}

Status check(const S3Settings& settings) {
  const auto& endpoint = settings.endpoint;
  const auto host =
      endpoint.find("://") == endpoint.npos ? endpoint.size() : endpoint.find("://") + 3;
  if ((!endpoint.starts_with("https://") && !endpoint.starts_with("http://")) ||
      host == endpoint.size() || endpoint.find_first_of("/?#@", host) != endpoint.npos) {
    return fail(Errc::bad_settings, "the endpoint must be http(s)://host[:port]");
  }
  if (settings.bucket.size() < 3 || settings.bucket.size() > 63 ||
      !holds_only(settings.bucket, ".-")) {
    return fail(Errc::bad_settings, "the bucket's name must be 3 to 63 of a-z, 0-9, . and -");
  }
  if (settings.prefix.size() > 200 || !holds_only(settings.prefix, "-_/") ||
      settings.prefix.starts_with('/')) {
    return fail(Errc::bad_settings, "the prefix must be at most 200 of a-z, 0-9, -, _ and /");
  }
  const auto& keys = settings.credentials;
  if (keys.access_key.empty() || keys.secret_key.empty() || keys.region.empty() ||
      !holds_only(keys.region, "-") || keys.service != "s3") {
    return fail(Errc::bad_settings, "access key, secret key, region or service is missing");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<storage::ObjectStore>> open_s3_store(const crypto::Provider& provider,
                                                            S3Settings settings) {
  UNHIDRA_TRY_VOID(check(settings));
  return std::make_unique<S3Store>(provider, std::move(settings));
}

}  // namespace unhidra::objects
