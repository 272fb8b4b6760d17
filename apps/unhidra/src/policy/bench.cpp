// `unhidra policy bench`: what one decision costs.
#include "unhidra/runtime/system_clock.h"

#include "loading.h"
#include "measurement.h"

namespace unhidra::server::policy_line {

Result<int> bench(const Options& options) {
  std::string query = options.query;
  if (options.query_from_stdin) {
    UNHIDRA_TRY(query, read_stdin());
  }
  if (query.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fail(policy::Errc::bad_file, "there is no query: name one, or use --stdin");
  }
  const runtime::SystemClock clock;
  const auto begin = clock.steady_now();
  UNHIDRA_TRY(const auto loaded, load(options, options.data));
  if (!loaded) {
    return 1;
  }
  const auto load_ns = static_cast<double>((clock.steady_now() - begin).count());
  UNHIDRA_TRY(const auto input, read_input(options));
  Measurement measurement(options, *loaded, options.metrics ? load_ns : 0);
  UNHIDRA_TRY_VOID(measurement.run(query, input));
  measurement.print();
  return 0;
}

}  // namespace unhidra::server::policy_line
