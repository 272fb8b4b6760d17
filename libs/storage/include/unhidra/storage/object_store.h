#pragma once
// Large opaque objects (encrypted files), each under a UUID, written once in parts and then never
// changed. Every call blocks and may come from any thread: it belongs on a worker pool.
//
// Errors: Errc::no_such_object, Errc::bad_object (parts that do not make the object),
// Errc::disk_full, Errc::unavailable. What failed can be asked for again.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"
#include "unhidra/storage/errc.h"

namespace unhidra::storage {

inline constexpr std::size_t kObjectPart = std::size_t{8} * 1024 * 1024;  // bytes

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Starts an object that nobody can read before it is complete. What is answered names the upload
  // in the store; the caller keeps it. A name is used for one object only.
  virtual Result<std::string> begin(const Uuid& name) = 0;
  // Durable when it returns. Parts begin at multiples of kObjectPart and are full but for the last.
  // The same part may be put again, and the last one that was put counts.
  virtual Status put_part(const Uuid& name, std::string_view upload, std::uint64_t offset,
                          ByteView part) = 0;
  // Makes the object readable, all at once, and for good. Asking again is no error.
  virtual Status complete(const Uuid& name, std::string_view upload, std::uint64_t size) = 0;
  // Forgets an upload. Asking again is no error.
  virtual Status abandon(const Uuid& name, std::string_view upload) = 0;

  virtual Result<std::uint64_t> size(const Uuid& name) = 0;  // bytes
  // Fewer bytes than asked for at the end.
  virtual Result<Bytes> read(const Uuid& name, std::uint64_t offset, std::size_t length) = 0;
  // Removing what is not there is no error.
  virtual Status remove(const Uuid& name) = 0;
  // Whether the store takes this server as it is set up: Errc::bad_settings when it never will
  // (no such place, keys that it does not know), Errc::unavailable when it does not answer in this
  // time.
  virtual Status check(std::chrono::milliseconds /*patience*/) { return {}; }
};

// In a folder of this machine, which is made when it is not there: `uploads/<name>` while parts
// come, `objects/<xx>/<yy>/<name>` afterwards, xx and yy being the name's last two bytes (its
// random ones). Files and folders are for this user alone.
Result<std::unique_ptr<ObjectStore>> open_directory_store(const std::filesystem::path& root);

}  // namespace unhidra::storage
