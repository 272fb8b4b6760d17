#pragma once
// Benchmarks whose operations use something up (a message decrypts once): each iteration prepares
// a batch without being timed, then runs it. Figures are CPU time of this thread per operation.

#include <ctime>

#include <benchmark/benchmark.h>

namespace unhidra {

inline double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Prepare, class Run>
void run_batches(benchmark::State& state, int size, Prepare prepare, Run run) {
  for (auto _ : state) {
    prepare();
    const double start = thread_cpu_seconds();
    for (int i = 0; i < size; ++i) {
      run(i);
    }
    state.SetIterationTime((thread_cpu_seconds() - start) / size);
  }
}

// For BENCHMARK(...)->Apply(cheap): operations of microseconds; dear: of hundreds of them.
inline void cheap(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(300);
}
inline void dear(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(60);
}

inline constexpr int kBatch = 100;
inline constexpr std::size_t kTextSize = 100;

}  // namespace unhidra
