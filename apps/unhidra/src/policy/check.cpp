// `unhidra policy check`.
#include "loading.h"

namespace unhidra::server::policy_line {

Result<int> check(const Options& options) {
  const auto loaded = load(options, options.paths);
  if (!loaded) {
    print_error(loaded.error(), options.format == "json");
    return 1;
  }
  if (*loaded && (*loaded)->documents.modules.empty()) {
    print_error(Error(policy::Errc::no_policy, "there is no .rego file in what was named"),
                options.format == "json");
    return 1;
  }
  return *loaded ? 0 : 1;
}

}  // namespace unhidra::server::policy_line
