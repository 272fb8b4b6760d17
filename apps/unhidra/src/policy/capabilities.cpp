// `unhidra policy capabilities`.
#include "loading.h"

namespace unhidra::server::policy_line {

Result<int> capabilities(const Options& options) {
  if (!options.version.empty()) {
    return fail(policy::Errc::bad_file,
                "capabilities of other versions are not kept here: opa capabilities --version " +
                    options.version + " writes them, --file and --capabilities read them");
  }
  if (!options.file.empty()) {
    UNHIDRA_TRY_VOID(load_capabilities(options.file));
    UNHIDRA_TRY(const auto document, policy::load_document(options.file));
    print_json(document);
    return 0;
  }
  print_json(rego::own_capabilities());
  return 0;
}

}  // namespace unhidra::server::policy_line
