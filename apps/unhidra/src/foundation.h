#pragma once
// What the server and the admin commands both stand on: the database and the master key.

#include <memory>

#include "unhidra/base/random.h"
#include "unhidra/pki/key_provider.h"
#include "unhidra/storage/database.h"

#include "data_directory.h"
#include "server_settings.h"

namespace unhidra::server {

// "sqlite:..." or "postgresql://...". A plain path is SQLite's.
std::string database_url(const ServerSettings& settings, const DataDirectory& directory);

// From the data directory; made there when it is not there yet. Blocks.
Result<std::shared_ptr<const pki::KeySealer>> load_key_sealer(const DataDirectory& directory,
                                                              RandomSource& random);

}  // namespace unhidra::server
