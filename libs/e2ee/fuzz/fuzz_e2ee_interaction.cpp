// The fuzzer plays the network of tests/interaction.h: each byte is a choice.
#include <cstdio>
#include <cstdlib>

#include "../tests/interaction.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  constexpr std::size_t kMaxSize = 2'000;
  std::size_t used = 0;
  size = std::min(size, kMaxSize);
  const auto choose = [&](std::uint32_t bound) { return used < size ? data[used++] % bound : 0U; };
  const bool narrow = choose(2) == 1;
  const e2ee::Limits limits =
      narrow ? e2ee::Limits{.max_skip = 6,
                            .max_skipped_keys = 10,
                            .max_receiving_chains = 2,
                            .max_archived_sessions = 3}
             : e2ee::Limits{.max_receiving_chains = 250, .max_archived_sessions = 250};
  e2ee::Interaction interaction(1, limits, !narrow, choose);
  while (used < size && interaction.problem().empty()) {
    interaction.step();
  }
  if (interaction.problem().empty()) {
    interaction.finish();
  }
  if (!interaction.problem().empty()) {
    std::fprintf(stderr, "%s\n", interaction.problem().c_str());
    std::abort();
  }
  return 0;
}
