#include "file_transfer.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include <boost/json.hpp>
#include <sys/stat.h>

#include "unhidra/base/text.h"

#include "errc.h"
#include "json_fields.h"

namespace unhidra::cli {
namespace {

constexpr std::uint64_t kPart = std::uint64_t{8} << 20;
constexpr int kQuietAttempts = 3;  // what passes at once is nobody's concern
constexpr std::chrono::milliseconds kFirstDelay{250};
constexpr std::chrono::milliseconds kLastDelay{5'000};

std::unexpected<Error> broken(const std::string& path, const char* what) {
  return fail(Errc::failed, printable(path) + ": " + what + ": " + std::strerror(errno));
}

std::string path_of(e2ee::FileId id) {
  return "/v1/files/" + id.to_string();
}

// Passes by itself: no connection, too many requests, a part of before that is still on its way.
bool passes(const Error& error, const std::string& refusal) {
  if (refusal == "files.store_full") {
    return false;
  }
  return error == Errc::unreachable || error == Errc::rate_limited || error == Errc::timed_out ||
         refusal == "files.wrong_offset";
}

}  // namespace

// ---- files of this machine ----

Result<LocalFile> LocalFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return errno == ENOENT ? fail(Errc::not_found, "there is no file " + printable(path))
                           : broken(path, "cannot be opened");
  }
  return LocalFile(descriptor, path);
}

Result<LocalFile> LocalFile::create(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return errno == EEXIST ? fail(Errc::conflict, printable(path) + " is there already")
                           : broken(path, "cannot be made");
  }
  return LocalFile(descriptor, path);
}

LocalFile::LocalFile(LocalFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

LocalFile::~LocalFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<std::uint64_t> LocalFile::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) {
    return broken(path_, "cannot be looked at");
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::usage, printable(path_) + " is no plain file");
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<Bytes> LocalFile::read(std::uint64_t offset, std::size_t size) const {
  Bytes out(size);
  for (std::size_t done = 0; done < size;) {
    const auto count =
        ::pread(descriptor_, out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return broken(path_, "cannot be read");
    }
    if (count == 0) {
      return fail(Errc::failed, printable(path_) + " has become shorter");
    }
    done += static_cast<std::size_t>(count);
  }
  return out;
}

Status LocalFile::append(ByteView bytes) const {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return broken(path_, "cannot be written");
    }
    bytes = bytes.subspan(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return {};
}

Status LocalFile::sync() const {
  return ::fsync(descriptor_) == 0 ? Status() : broken(path_, "cannot be written");
}

// ---- transfers ----

template <class F>
auto FileTransfer::patiently(F body) -> decltype(body(std::string())) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + patience_;
  auto delay = kFirstDelay;
  for (int attempt = 1;; ++attempt) {
    auto token = tokens_->fresh(std::chrono::seconds(30));
    auto outcome =
        token ? body(*token) : decltype(body(std::string()))(std::unexpect, token.error());
    if (outcome || Clock::now() + delay > end || !passes(outcome.error(), rest_->last_refusal())) {
      return outcome;
    }
    if (attempt == kQuietAttempts && !std::exchange(has_waited_, true)) {
      listener_.waits(outcome.error(), patience_);
    }
    std::this_thread::sleep_for(delay);
    delay = std::min(delay * 2, kLastDelay);
  }
}

Result<std::uint64_t> FileTransfer::received(e2ee::FileId id, bool& complete) {
  UNHIDRA_TRY(const auto told, patiently([&](const std::string& token) {
                return rest_->call("GET", path_of(id), nullptr, token);
              }));
  const auto* object = told.if_object();
  const auto* count = object != nullptr ? object->if_contains("received") : nullptr;
  const auto* done = object != nullptr ? object->if_contains("complete") : nullptr;
  if (count == nullptr || !count->is_int64() || count->get_int64() < 0 || done == nullptr ||
      !done->is_bool()) {
    return fail(Errc::server_failed, "the server's answer about a file makes no sense");
  }
  complete = done->get_bool();
  return static_cast<std::uint64_t>(count->get_int64());
}

Status FileTransfer::put_parts(e2ee::FileId id, const LocalFile& file, std::uint64_t size) {
  bool complete = false;
  UNHIDRA_TRY(auto at, received(id, complete));
  while (at < size && !complete) {
    UNHIDRA_TRY(const auto part,
                file.read(at, static_cast<std::size_t>(std::min(kPart, size - at))));
    const auto path = path_of(id) + "/content?offset=" + std::to_string(at);
    bool again = false;
    UNHIDRA_TRY_VOID(patiently([&](const std::string& token) -> Status {
      if (std::exchange(again, true)) {  // its answer may have been lost, and not the part
        UNHIDRA_TRY(const auto there, received(id, complete));
        if (there >= at + part.size()) {
          return {};
        }
      }
      return rest_->put_bytes(path, part, token);
    }));
    at += part.size();
    listener_.moved(at, size);
  }
  return {};
}

Status FileTransfer::upload(e2ee::FileId id, ConversationId conversation, const std::string& path,
                            const crypto::FileDigest& digest) {
  UNHIDRA_TRY(const auto file, LocalFile::open(path));
  UNHIDRA_TRY(const auto size, file.size());
  const boost::json::object wish{
      {"conversation_id", conversation.to_string()}, {"size", size}, {"file_id", id.to_string()}};
  UNHIDRA_TRY_VOID(patiently(
      [&](const std::string& token) { return rest_->call("POST", "/v1/files", &wish, token); }));
  UNHIDRA_TRY_VOID(put_parts(id, file, size));
  const boost::json::object proof{{"digest", to_base64url(digest)}};
  UNHIDRA_TRY_VOID(patiently([&](const std::string& token) {
    return rest_->call("POST", path_of(id) + "/completion", &proof, token);
  }));
  return {};
}

Status FileTransfer::download(client::FileOpener& opener, const LocalFile& into) {
  const auto total = opener.layout().sealed_size();
  const auto path = path_of(e2ee::FileId(opener.file_id())) + "/content";
  for (std::uint64_t at = 0; at < total;) {
    const auto end = std::min(at + kPart, total);
    UNHIDRA_TRY(const auto part, patiently([&](const std::string& token) {
                  return rest_->get_bytes(path, at, end, token);
                }));
    for (ByteView rest = part; !rest.empty();) {
      const auto wanted = opener.wanted();
      if (wanted == 0 || wanted > rest.size()) {
        return fail(Errc::server_failed, "the server has sent another size than was asked for");
      }
      UNHIDRA_TRY(const auto opened, opener.open(rest.first(wanted)));
      UNHIDRA_TRY_VOID(into.append(opened.expose()));
      rest = rest.subspan(wanted);
    }
    at = end;
    listener_.moved(at, total);
  }
  UNHIDRA_TRY_VOID(opener.finish());
  return into.sync();
}

Status FileTransfer::forget(e2ee::FileId id) {
  UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(30)));
  UNHIDRA_TRY_VOID(rest_->call("DELETE", path_of(id), nullptr, token));
  return {};
}

}  // namespace unhidra::cli
