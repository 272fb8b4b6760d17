#include <cstdio>

#include "commands.h"
#include "server_settings.h"

namespace unhidra::server {

Result<int> config_check(const SourceOptions& sources) {
  const auto schema = full_schema();
  UNHIDRA_TRY(const auto config, sources.load(schema));
  std::puts("The configuration is right.");
  return 0;
}

Result<int> config_print(const SourceOptions& sources, bool show_secrets) {
  const auto schema = full_schema();
  UNHIDRA_TRY(const auto config, sources.load(schema));
  const auto text = config.print(show_secrets ? runtime::Config::Secrets::shown
                                              : runtime::Config::Secrets::masked);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace unhidra::server
