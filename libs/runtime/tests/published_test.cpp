#include "unhidra/runtime/published.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace unhidra::runtime {
namespace {

TEST(Published, IsNothingUntilSomethingIsSet) {
  Published<int> cell;
  EXPECT_EQ(cell.get(), nullptr);
  cell.set(std::make_shared<const int>(7));
  EXPECT_EQ(*cell.get(), 7);
  cell.set(nullptr);
  EXPECT_EQ(cell.get(), nullptr);
}

TEST(Published, AReaderKeepsWhatItWasGiven) {
  Published<int> cell;
  cell.set(std::make_shared<const int>(1));
  const auto kept = cell.get();
  cell.set(std::make_shared<const int>(2));
  EXPECT_EQ(*kept, 1);
  EXPECT_EQ(kept.use_count(), 1);
}

// Both halves are written before the value is published, and its end writes to them again: under
// ThreadSanitizer a missing order between a read and the next write is an error here.
TEST(Published, ReadersSeeWholeValuesWhileTheyChange) {
  struct Pair {
    explicit Pair(int both) : first(both), second(both) {}
    ~Pair() { first = second = -1; }
    int first;
    int second;
  };
  Published<Pair> cell;
  cell.set(std::make_shared<const Pair>(0));
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (!done) {
        const auto pair = cell.get();
        torn += pair->first != pair->second || pair->first < last;
        last = pair->first;
      }
    });
  }
  for (int i = 1; i <= 20'000; ++i) {
    cell.set(std::make_shared<const Pair>(i));
  }
  done = true;
  for (auto& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace unhidra::runtime
