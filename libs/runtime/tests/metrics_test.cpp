#include "unhidra/runtime/metrics.h"

#include <thread>

#include <gtest/gtest.h>

#include "unhidra/runtime/worker_pool.h"

namespace unhidra::runtime {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, exposes_counters_gauges_and_histograms_in_prometheus_text) {
  Metrics metrics;
  metrics.counter("frames_total", "Frames.").add(3);
  metrics.gauge("connections", "Open.").set(-2);
  constexpr double kBounds[] = {0.1, 1.0};
  auto& latency = metrics.histogram("latency_seconds", "Latency.", kBounds);
  latency.observe(0.1);  // a bound belongs to its bucket
  latency.observe(0.5);
  latency.observe(std::chrono::seconds(7));
  const auto text = metrics.expose();
  EXPECT_TRUE(has_line(text, "# TYPE frames_total counter"));
  EXPECT_TRUE(has_line(text, "# HELP connections Open."));
  EXPECT_TRUE(has_line(text, "frames_total 3"));
  EXPECT_TRUE(has_line(text, "connections -2"));
  EXPECT_TRUE(has_line(text, "latency_seconds_bucket{le=\"0.1\"} 1"));
  EXPECT_TRUE(has_line(text, "latency_seconds_bucket{le=\"1\"} 2"));
  EXPECT_TRUE(has_line(text, "latency_seconds_bucket{le=\"+Inf\"} 3"));
  EXPECT_TRUE(has_line(text, "latency_seconds_count 3"));
  EXPECT_TRUE(has_line(text, "latency_seconds_sum 7.6")) << text;
}

TEST(Metrics, the_same_name_is_the_same_metric) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("a_total", "A."), &metrics.counter("a_total", "A."));
  const auto family = metrics.counters("b_total", "B.", {"kind"});
  EXPECT_EQ(&family.at({"x"}), &metrics.counters("b_total", "B.", {"kind"}).at({"x"}));
  EXPECT_NE(&family.at({"x"}), &family.at({"y"}));
}

TEST(Metrics, label_values_beyond_the_bound_are_folded_into_other) {
  Metrics metrics;
  const auto family = metrics.counters("hits_total", "Hits.", {"route"}, 3);
  for (int i = 0; i < 1000; ++i) {
    family.at({"/r" + std::to_string(i)}).add();
  }
  family.at({"/r1"}).add();
  const auto text = metrics.expose();
  EXPECT_TRUE(has_line(text, "hits_total{route=\"/r1\"} 2"));
  EXPECT_TRUE(has_line(text, "hits_total{route=\"other\"} 997"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + 4);
}

TEST(Metrics, a_label_value_cannot_forge_a_series) {
  Metrics metrics;
  metrics.counters("a_total", "A.", {"agent"}).at({"x\"} 1\nforged_total 5"}).add();
  EXPECT_FALSE(has_line(metrics.expose(), "forged_total 5"));
}

TEST(Metrics, a_callback_is_asked_until_its_handle_goes) {
  Metrics metrics;
  {
    const auto handle = metrics.on_read(Metrics::CallbackKind::gauge, "queue", "Queue.", {"name"},
                                        {"sql"}, [] { return 5.0; });
    EXPECT_TRUE(has_line(metrics.expose(), "queue{name=\"sql\"} 5"));
  }
  EXPECT_FALSE(has_line(metrics.expose(), "queue{name=\"sql\"} 5"));
}

TEST(Metrics, shows_the_state_of_a_worker_pool) {
  Metrics metrics;
  WorkerPool pool({.name = "sql", .threads = 2});
  const auto handles = observe(metrics, pool);
  ASSERT_TRUE(pool.post([] {}));
  pool.stop();
  const auto text = metrics.expose();
  EXPECT_TRUE(has_line(text, "worker_pool_threads{pool=\"sql\"} 2"));
  EXPECT_TRUE(has_line(text, "worker_pool_completed_total{pool=\"sql\"} 1"));
}

TEST(Metrics, counts_from_many_threads_without_a_loss) {
  Metrics metrics;
  const auto family = metrics.counters("n_total", "N.", {"t"});
  auto& histogram = metrics.histogram("h_seconds", "H.");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        family.at({std::to_string(i % 3)}).add();
        histogram.observe(0.25);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(family.at({"0"}).value() + family.at({"1"}).value() + family.at({"2"}).value(), 20000U);
  EXPECT_DOUBLE_EQ(histogram.snapshot().sum, 5000.0);
}

TEST(MetricsDeathTest, a_name_declared_as_two_types_is_a_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Metrics metrics;
        metrics.counter("x", "X.");
        metrics.gauge("x", "X.");
      },
      "metrics.declared_twice");
}

}  // namespace
}  // namespace unhidra::runtime
