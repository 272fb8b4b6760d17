// Whatever somebody types: it ends, and means at most one thing.
#include <cstdlib>

#include "unhidra/actions/intent.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::actions;
  static const IntentMatcher matcher({{"1", {"kitchen light", "light"}, DeviceKind::light},
                                      {"2", {"heating", "on"}, DeviceKind::thermostat},
                                      {"3", {"front door"}, DeviceKind::lock},
                                      {"4", {"garage"}, DeviceKind::garage}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto meant = matcher.understand(text);
  if ((meant.understanding == Understanding::clear) != meant.intent.has_value()) {
    std::abort();
  }
  if (meant.intent && (meant.intent->target > 3 || meant.intent->command.empty())) {
    std::abort();
  }
  static_cast<void>(yes_or_no(text));
  return 0;
}
