#pragma once
// The few file operations that must not go wrong half-way: keys, certificates, state. They block:
// call them at start-up or on a worker.

#include <cstddef>
#include <filesystem>

#include <sys/types.h>

#include "unhidra/base/bytes.h"
#include "unhidra/base/secret.h"
#include "unhidra/runtime/errc.h"

namespace unhidra::runtime {

// Readers see the old or the new content, never a part, also after a power cut: temporary file in
// the same directory, fsync, rename, fsync of the directory. The mode is set before content is
// written. Follows no symbolic link at `path`: it replaces it.
Status write_file_atomically(const std::filesystem::path& path, ByteView content,
                             mode_t mode = 0600);

// The whole file, or Errc::file_too_large before more than `max_size` bytes were read.
Result<Bytes> read_file(const std::filesystem::path& path, std::size_t max_size);
// The same into wiped memory.
Result<SecretBytes> read_secret_file(const std::filesystem::path& path, std::size_t max_size);

// Makes the directory and its missing parents, readable by the owner alone (0700). One that exists
// must belong to us; group and other rights on it are taken away.
Status make_private_directory(const std::filesystem::path& path);

}  // namespace unhidra::runtime
