#include "content.h"

#include <algorithm>

#include "unhidra/runtime/log.h"

namespace unhidra::files {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;  // bytes that are read at once
constexpr std::chrono::seconds kAskAgain{2};

class ContentSource final : public net::BodySource {
 public:
  ContentSource(FilesCore& core, FileId id, const ByteRange& range, StillAllowed still_allowed)
      : core_(core),
        id_(id),
        size_(range.length),
        at_(range.offset),
        end_(range.offset + range.length),
        still_allowed_(std::move(still_allowed)),
        asked_at_(core.deps.clock.steady_now()) {}

  std::uint64_t size() const override { return size_; }

  // What can be known before the answer has begun. Later, all that is left is to cut it off, and
  // the reader would come back again and again.
  Task<Status> read_ahead(std::uint64_t whole) {
    UNHIDRA_CO_TRY_VOID(co_await check_whole(whole));
    UNHIDRA_CO_TRY(ahead_, co_await read());
    co_return Status();
  }

  Task<Result<Bytes>> next() override {
    auto piece = std::exchange(ahead_, Bytes());
    if (piece.empty()) {
      UNHIDRA_CO_TRY_VOID(co_await ask_again());
      UNHIDRA_CO_TRY(piece, co_await read());
    }
    core_.metrics.sent.add(piece.size());
    co_return piece;
  }

 private:
  Task<Status> check_whole(std::uint64_t whole) {
    UNHIDRA_CO_TRY(const auto stored, co_await core_.with_store("looking at a file", [this] {
      auto size = core_.deps.store.size(id_.uuid());
      const bool gone = !size && size.error() == storage::Errc::no_such_object;
      return gone ? Result<std::uint64_t>(0) : std::move(size);
    }));
    if (stored == whole) {
      co_return Status();
    }
    log::error("files.damaged", {{"stored", stored}, {"size", whole}});
    co_return fail(Errc::damaged, "the object store no longer has all of this file");
  }

  Task<Result<Bytes>> read() {
    const auto length = static_cast<std::size_t>(std::min(kPiece, end_ - at_));
    UNHIDRA_CO_TRY(auto piece, co_await core_.with_store("reading a file", [this, length] {
      return core_.deps.store.read(id_.uuid(), at_, length);
    }));
    if (piece.size() != length) {
      co_return fail(Errc::damaged, "the object store has less than was stored");
    }
    at_ += length;
    co_return piece;
  }

  Task<Status> ask_again() {
    const auto now = core_.deps.clock.steady_now();
    if (now - asked_at_ < kAskAgain) {
      co_return Status();
    }
    asked_at_ = now;
    UNHIDRA_CO_TRY(const auto allowed, co_await still_allowed_());
    co_return allowed ? Status() : fail(Errc::not_found, "the reader may not read this any more");
  }

  FilesCore& core_;
  FileId id_;
  std::uint64_t size_;
  std::uint64_t at_;
  std::uint64_t end_;
  StillAllowed still_allowed_;
  SteadyTime asked_at_;
  Bytes ahead_;
};

access::Reply headers_of(const ByteRange& range, std::uint64_t size) {
  access::Reply out;
  out.status = range.partial ? 206 : 200;
  out.content_type = "application/octet-stream";
  out.headers = {{"Accept-Ranges", "bytes"},
                 {"Content-Disposition", "attachment"},
                 {"Content-Security-Policy",
                  "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'"},
                 {"Cross-Origin-Resource-Policy", "same-origin"},
                 {"X-Content-Type-Options", "nosniff"}};
  if (range.partial) {
    out.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                                  std::to_string(range.offset + range.length - 1) +
                                                  "/" + std::to_string(size));
  }
  return out;
}

}  // namespace

Task<Result<access::Reply>> send_content(FilesCore& core, StoredFile file, std::string range,
                                         StillAllowed still_allowed) {
  const auto chosen = read_range(range, file.size);
  if (!chosen) {
    access::Reply out;
    out.status = 416;
    out.headers = {{"Content-Range", "bytes */" + std::to_string(file.size)}};
    out.failure = chosen.error();
    co_return out;
  }
  auto out = headers_of(*chosen, file.size);
  auto source =
      std::make_shared<ContentSource>(core, file.file_id, *chosen, std::move(still_allowed));
  UNHIDRA_CO_TRY_VOID(co_await source->read_ahead(file.size));
  out.source = std::move(source);
  co_return out;
}

}  // namespace unhidra::files
