#pragma once
// The files role: encrypted files of conversations. It serves REST on the listeners of others,
// keeps rows in the database and ciphertext in an object store, and collects what nobody needs any
// more. It sees ciphertext only; names, types and keys travel in messages.

#include <memory>

#include "unhidra/access/handlers.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/files/settings.h"
#include "unhidra/pki/seal.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/metrics.h"
#include "unhidra/storage/database.h"
#include "unhidra/storage/object_store.h"

namespace unhidra::files {

// Everything outlives the role.
struct FilesDependencies {
  runtime::IoThreads& io;
  storage::Database& database;
  storage::ObjectStore& store;
  runtime::Metrics& metrics;
  const pki::KeySealer& sealer;  // of links
  const crypto::Provider& crypto;
  const Clock& clock;
  RandomSource& random;  // safe from any thread
};

class FilesRole {
 public:
  FilesRole(FilesDependencies dependencies, FilesSettings settings);
  ~FilesRole();
  FilesRole(const FilesRole&) = delete;
  FilesRole& operator=(const FilesRole&) = delete;

  void bind(access::Handlers& handlers);
  // Begins to collect.
  void start();
  // One round of collecting, as it happens every FilesSettings::collect_interval.
  Task<Status> collect();
  // After the listeners have stopped.
  Task<void> stop(std::chrono::milliseconds deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::files
