#include "workplace.h"

#include "unhidra/runtime/log.h"

namespace unhidra::server {

Result<std::unique_ptr<Workplace>> open_workplace(const SourceOptions& sources) {
  auto out = std::make_unique<Workplace>();
  UNHIDRA_TRY(out->config, sources.load(full_schema()));
  const auto settings = ServerSettings::from(*out->config);
  log::configure({.level = log::Level::warn, .format = log::Format::text});
  UNHIDRA_TRY(const auto directory, DataDirectory::existing(settings.data_directory));
  out->data_directory = directory.root;
  UNHIDRA_TRY(out->sealer, load_key_sealer(directory, out->random));
  out->provider.emplace(out->sealer);
  UNHIDRA_TRY(out->database, storage::Database::open({.url = database_url(settings, directory),
                                                      .migrate = false,
                                                      .readers = 1,
                                                      .write_lanes = 1}));
  out->administration =
      std::make_unique<auth::Administration>(*out->database, *out->provider, out->clock,
                                             out->random, auth::AuthSettings::from(*out->config));
  return out;
}

}  // namespace unhidra::server
