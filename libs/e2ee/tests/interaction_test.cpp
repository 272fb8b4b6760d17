// Random schedules: send, lose, reorder, duplicate, interleave, tamper, start at once, store and
// restore. Run again with UNHIDRA_TEST_SEED as printed.
#include "interaction.h"

#include <gtest/gtest.h>

namespace unhidra::e2ee {
namespace {

void play(const Limits& limits, bool complete, std::size_t episodes, std::size_t steps) {
  testkit::SeededRandom random;
  std::size_t delivered = 0;
  for (std::size_t episode = 0; episode < episodes; ++episode) {
    Interaction interaction(random.next(), limits, complete, [&](std::uint32_t bound) {
      return static_cast<std::uint32_t>(random.below(bound));
    });
    for (std::size_t step = 0; step < steps; ++step) {
      interaction.step();
      ASSERT_EQ(interaction.problem(), "")
          << "seed " << random.seed() << " episode " << episode << " step " << step;
    }
    interaction.finish();
    ASSERT_EQ(interaction.problem(), "") << "seed " << random.seed() << " episode " << episode;
    delivered += interaction.delivered();
  }
  // The schedules must not be idle: a good part of the steps are deliveries.
  EXPECT_GT(delivered, episodes * steps / 10);
}

TEST(Interaction, EveryMessageArrivesOnceWhateverTheNetworkDoes) {
  const Limits wide{.max_receiving_chains = 250};
  play(wide, true, 280, 250);
  play(wide, true, 20, 1'500);
}

TEST(Interaction, NarrowLimitsNeverDeliverTwiceOrWrongly) {
  const Limits narrow{
      .max_skip = 6, .max_skipped_keys = 10, .max_receiving_chains = 2, .max_archived_sessions = 2};
  play(narrow, false, 60, 500);
}

}  // namespace
}  // namespace unhidra::e2ee
