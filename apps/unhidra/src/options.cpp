#include "options.h"

namespace unhidra::server {

Result<runtime::Config> SourceOptions::load(const runtime::Schema& schema) const {
  runtime::ConfigSources sources;
  sources.environment = runtime::process_environment();
  sources.overrides = overrides;
  if (!data_directory.empty()) {
    sources.overrides.push_back("data.directory=" + data_directory);
  }
  if (!config_file.empty()) {
    sources.file = config_file;
  } else {
    for (const auto& [name, value] : sources.environment) {
      if (name == "UNHIDRA_CONFIG" && !value.empty()) {
        sources.file = value;
      }
    }
  }
  return runtime::load_config(schema, sources);
}

}  // namespace unhidra::server
