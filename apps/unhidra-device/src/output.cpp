#include "output.h"

#include <cstdio>

#include "unhidra/base/time.h"
#include "unhidra/runtime/system_clock.h"

#include "errc.h"

namespace unhidra::device {

void say(std::string_view event, boost::json::object fields) {
  boost::json::object line;
  line["ts"] = to_rfc3339(runtime::SystemClock().now());
  line["event"] = event;
  for (auto& [key, value] : fields) {
    line[key] = std::move(value);
  }
  std::puts(boost::json::serialize(line).c_str());
  std::fflush(stdout);
}

ExitCode exit_code_of(const Error& error) {
  if (error == Errc::usage) {
    return ExitCode::usage;
  }
  if (error == Errc::needs_code) {
    return ExitCode::needs_code;
  }
  if (error == Errc::unreachable || error == Errc::timed_out) {
    return ExitCode::network;
  }
  if (error == Errc::untrusted) {
    return ExitCode::untrusted;
  }
  return error == Errc::refused ? ExitCode::refused : ExitCode::other;
}

}  // namespace unhidra::device
