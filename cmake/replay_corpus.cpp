// Replays a fuzz target's corpus without libFuzzer: every file of the given folder, and a fixed
// number of seeded random mutations of each, so that an ordinary test run exercises the target too.
// The seed is printed.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  constexpr std::uint32_t kSeed = 20261122;
  constexpr int kMutations = 500;
  std::vector<std::vector<std::uint8_t>> corpus{{}};
  if (argc > 1 && std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      std::ifstream file(entry.path(), std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  std::mt19937 random(kSeed);
  std::size_t runs = 0;
  for (const auto& original : corpus) {
    LLVMFuzzerTestOneInput(original.data(), original.size());
    for (int i = 0; i < kMutations; ++i, ++runs) {
      auto mutant = original;
      const auto edits = 1 + random() % 4;
      for (std::uint32_t e = 0; e < edits; ++e) {
        const auto choice = random() % 4;
        if (mutant.empty() || choice == 0) {
          mutant.insert(
              mutant.begin() + static_cast<std::ptrdiff_t>(random() % (mutant.size() + 1)),
              static_cast<std::uint8_t>(random()));
        } else if (choice == 1) {
          mutant[random() % mutant.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
        } else if (choice == 2) {
          mutant.resize(random() % mutant.size());
        } else {
          mutant[random() % mutant.size()] = static_cast<std::uint8_t>(random());
        }
      }
      LLVMFuzzerTestOneInput(mutant.data(), mutant.size());
    }
  }
  std::printf("%zu corpus entries and %zu mutations (seed %u) replayed\n", corpus.size(), runs,
              kSeed);
  return 0;
}
