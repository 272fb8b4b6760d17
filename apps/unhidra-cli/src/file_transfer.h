#pragma once
// Moves ciphertext between files of this machine and the server, part by part, and goes on where a
// connection broke. Blocks.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "unhidra/client/files.h"

#include "driver.h"

namespace unhidra::cli {

// A file under a path, closed with this. Reading and writing say what is wrong with the file.
class LocalFile {
 public:
  static Result<LocalFile> open(const std::string& path);
  // A new one, for its owner alone; Errc::conflict when there is one already.
  static Result<LocalFile> create(const std::string& path);
  LocalFile(LocalFile&& other) noexcept;
  LocalFile& operator=(LocalFile&&) = delete;
  ~LocalFile();

  Result<std::uint64_t> size() const;
  Result<Bytes> read(std::uint64_t offset, std::size_t size) const;  // exactly so many
  Status append(ByteView bytes) const;
  Status sync() const;

 private:
  LocalFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  std::string path_;
};

class FileTransfer {
 public:
  struct Listener {
    // After each part, with bytes of ciphertext.
    std::function<void(std::uint64_t done, std::uint64_t total)> moved;
    // Once, when it begins to wait for a server that takes or gives nothing.
    std::function<void(const Error& why, std::chrono::milliseconds patience)> waits;
  };

  // `patience`: how long it tries again while nothing moves; the reason is the error then.
  FileTransfer(Rest& rest, TokenKeeper& tokens, std::chrono::milliseconds patience,
               Listener listener)
      : rest_(&rest), tokens_(&tokens), patience_(patience), listener_(std::move(listener)) {}

  // The ciphertext in the file at `path` becomes the file `id` of the conversation, whatever of it
  // is there already.
  Status upload(e2ee::FileId id, ConversationId conversation, const std::string& path,
                const crypto::FileDigest& digest);
  // Opened, into a new file. What is written before the end is not to be trusted.
  Status download(client::FileOpener& opener, const LocalFile& into);
  Status forget(e2ee::FileId id);

 private:
  // Tries again while the server cannot be reached.
  template <class F>
  auto patiently(F body) -> decltype(body(std::string()));
  Result<std::uint64_t> received(e2ee::FileId id, bool& complete);
  Status put_parts(e2ee::FileId id, const LocalFile& file, std::uint64_t size);

  Rest* rest_;
  TokenKeeper* tokens_;
  std::chrono::milliseconds patience_;
  Listener listener_;
  bool has_waited_ = false;
};

}  // namespace unhidra::cli
