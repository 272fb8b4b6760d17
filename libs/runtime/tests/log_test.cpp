#include "unhidra/runtime/log.h"

#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "unhidra/base/id.h"
#include "unhidra/runtime/runtime_settings.h"
#include "unhidra/runtime/siphash.h"

#include "captured_log.h"

namespace unhidra {
namespace {

using log::Field;
using log::Format;
using log::Level;

constexpr Timestamp kTime = from_unix_micros(1'700'000'000'123'456);

std::string render(Format format, std::initializer_list<Field> fields) {
  return log::render(format, kTime, Level::info, "session.opened", {fields.begin(), fields.size()});
}

TEST(Log, a_line_is_one_json_object_with_time_level_event_and_fields) {
  const auto line = render(Format::json, {{"devices", 3},
                                          {"big", std::uint64_t{18446744073709551615U}},
                                          {"ratio", 0.5},
                                          {"resumed", true},
                                          {"agent", "cli/1"},
                                          {"took_ms", std::chrono::microseconds(1500)},
                                          log::request_id("r-1")});
  EXPECT_EQ(line,
            R"({"ts":"2023-11-14T22:13:20.123456Z","level":"info","event":"session.opened",)"
            R"("devices":3,"big":18446744073709551615,"ratio":0.5,"resumed":true,"agent":"cli/1",)"
            R"("took_ms":1.5,"request_id":"r-1"})"
            "\n");
}

TEST(Log, a_foreign_string_cannot_forge_a_line_or_a_field) {
  const std::string hostile = "x\"}\n{\"level\":\"fatal\"\r\x1b[31m\xe2\x80\xae\xff\\";
  for (const auto format : {Format::json, Format::text}) {
    const auto line = render(format, {{"agent", hostile}, {hostile, 1}});
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos);
  }
  const auto parsed = boost::json::parse(render(Format::json, {{"agent", hostile}}));
  EXPECT_EQ(parsed.at("level").as_string(), "info");
  EXPECT_EQ(parsed.as_object().size(), 4U);
}

TEST(Log, text_quotes_what_could_be_taken_for_another_field) {
  const auto line = render(Format::text, {{"a", "b c=d"}, {"e", "plain"}, {"f", ""}});
  EXPECT_EQ(line, "2023-11-14T22:13:20.123456Z info  session.opened a=\"b c=d\" e=plain f=\"\"\n");
}

TEST(Log, cuts_values_that_are_too_long) {
  EXPECT_LT(render(Format::json, {{"a", std::string(1 << 20, 'x')}}).size(), 5000U);
}

TEST(Log, the_level_decides_what_is_written) {
  const test::CapturedLog captured;
  log::configure({.level = Level::warn});
  log::info("not.this");
  log::warn("but.this");
  log::configure({.level = Level::debug});
  log::debug("and.this");
  ASSERT_EQ(captured.lines().size(), 2U);
  EXPECT_TRUE(captured.contains("but.this"));
  EXPECT_TRUE(captured.contains("and.this"));
}

TEST(Log, level_and_format_are_settings) {
  const test::CapturedLog captured;
  runtime::Schema schema;
  schema.add(runtime::runtime_settings());
  const auto config =
      runtime::load_config(schema, {.overrides = {"log.level=error", "log.format=text"}});
  ASSERT_TRUE(config) << config.error().message();
  runtime::apply_log_settings(*config);
  log::warn("not.this");
  log::error("but.this", {{"a", 1}});
  ASSERT_EQ(captured.lines().size(), 1U);
  EXPECT_TRUE(captured.contains(" error but.this a=1"));
}

TEST(Log, obscured_ids_are_stable_short_and_tell_ids_apart) {
  const UserId one(Uuid{1});
  const UserId two(Uuid{2});
  EXPECT_EQ(log::obscure(one), log::obscure(one));
  EXPECT_NE(log::obscure(one), log::obscure(two));
  EXPECT_EQ(log::obscure(one).size(), 12U);
  EXPECT_EQ(log::obscure(one), log::obscure(one.bytes()));
}

TEST(Log, siphash_gives_the_values_of_its_authors) {
  // Test vectors of the reference implementation: key 00..0f, input 00, 00 01, ...
  const runtime::SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  Bytes input;
  EXPECT_EQ(runtime::siphash24(key, input), 0x726fdb47dd0e0e31U);
  for (Byte i = 0; i < 15; ++i) {
    input.push_back(i);
  }
  EXPECT_EQ(runtime::siphash24(key, input), 0xa129ca6149be45e5U);
}

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends), 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  int ends[2] = {-1, -1};
};

std::string read_some(int fd) {
  std::string out(1 << 16, '\0');
  const auto n = ::read(fd, out.data(), out.size());
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return out;
}

TEST(FdSink, writes_whole_lines_from_many_threads) {
  const Pipe pipe;
  std::string got;
  {
    const auto sink = log::make_fd_sink(pipe.ends[1]);
    std::vector<std::thread> threads;
    for (char c = 'a'; c < 'e'; ++c) {
      threads.emplace_back([&, c] {
        for (int i = 0; i < 100; ++i) {
          sink->write(Level::info, std::string(20, c) + "\n");
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    sink->flush(std::chrono::seconds(30));
  }
  got = read_some(pipe.ends[0]);
  EXPECT_EQ(got.size(), 400U * 21);
  for (std::size_t i = 0; i < got.size(); i += 21) {
    EXPECT_EQ(got.substr(i, 21), std::string(20, got[i]) + "\n");
  }
}

TEST(FdSink, a_stuck_reader_costs_lines_and_never_blocks) {
  const Pipe pipe;
  const auto sink = log::make_fd_sink(pipe.ends[1], 10);
  const std::string line = std::string(8191, 'x') + "\n";  // the pipe holds eight of them
  for (int i = 0; i < 1000; ++i) {
    sink->write(Level::info, line);
  }
  EXPECT_GE(sink->dropped(), 900U);
  // Once somebody reads again, every lost line is reported, in one report or several.
  const auto reported = [](const std::string& text) {
    constexpr std::string_view kReport = R"("event":"log.dropped","lines":)";
    std::uint64_t sum = 0;
    for (auto at = text.find(kReport); at != std::string::npos; at = text.find(kReport, at + 1)) {
      sum += std::stoul(text.substr(at + kReport.size()));
    }
    return sum;
  };
  std::string got = read_some(pipe.ends[0]);
  while (reported(got) < sink->dropped() || got.back() != '\n') {
    sink->write(Level::info, "after\n");
    got += read_some(pipe.ends[0]);
  }
  EXPECT_EQ(reported(got), sink->dropped());
}

}  // namespace
}  // namespace unhidra
