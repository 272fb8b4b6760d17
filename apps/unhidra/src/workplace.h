#pragma once
// Everything an administrator's command needs, opened.

#include <memory>
#include <optional>

#include "unhidra/auth/administration.h"
#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "foundation.h"
#include "options.h"

namespace unhidra::server {

struct Workplace {
  runtime::SystemClock clock;
  crypto::SystemRandom random;
  std::optional<runtime::Config> config;
  std::filesystem::path data_directory;
  std::shared_ptr<const pki::KeySealer> sealer;
  std::optional<pki::SealedKeyProvider> provider;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<auth::Administration> administration;
};

// Migrates nothing: the server does. Blocks.
Result<std::unique_ptr<Workplace>> open_workplace(const SourceOptions& sources);

}  // namespace unhidra::server
