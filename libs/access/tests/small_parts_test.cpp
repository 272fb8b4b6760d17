// Limits' settings, errors as numbers, cursors.

#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "unhidra/access/limits.h"
#include "unhidra/access/paging.h"
#include "unhidra/access/problem.h"
#include "unhidra/access/revocation.h"
#include "unhidra/base/text.h"

namespace unhidra::access {
namespace {

using namespace std::chrono_literals;

TEST(Limits, DefaultsAreTheDocumentedOnes) {
  const LimitTable table;
  const auto has = [&](LimitClass limit, LimitRule rule) {
    const auto rules = table.rules(limit);
    return std::ranges::find(rules, rule) != rules.end();
  };
  EXPECT_TRUE(has(LimitClass::login, {LimitKey::ip, 10, 1min}));
  EXPECT_TRUE(has(LimitClass::registration, {LimitKey::ip, 5, 1h}));
  EXPECT_TRUE(has(LimitClass::device_registration, {LimitKey::ip, 10, 1h}));
  EXPECT_TRUE(has(LimitClass::connections, {LimitKey::ip, 60, 1min}));
  EXPECT_TRUE(has(LimitClass::connections, {LimitKey::user, 30, 1min}));
  EXPECT_TRUE(has(LimitClass::messages, {LimitKey::connection, 50, 1s}));
  EXPECT_TRUE(table.rules(LimitClass::none).empty());
  for (std::size_t i = 1; i < kLimitClasses; ++i) {
    EXPECT_FALSE(table.rules(static_cast<LimitClass>(i)).empty()) << i;
  }
}

TEST(Limits, ARuleIsWrittenAsCountAndPeriod) {
  const auto parsed = parse_limit_rule("10/1m", LimitKey::user);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, (LimitRule{LimitKey::user, 10, 1min}));
  EXPECT_EQ(to_string(*parsed), "10/1m");
  EXPECT_EQ(parse_limit_rule("off", LimitKey::ip)->count, 0U);
  for (const auto* text : {"", "10", "/1m", "10/", "0/1m", "-1/1m", "10/0s", "10/1", "x/1m",
                           "10/25h", "10 /1m", "4294967296/1m", "10/1m/2"}) {
    EXPECT_FALSE(parse_limit_rule(text, LimitKey::ip).has_value()) << text;
  }
}

TEST(Limits, EverySettingIsReadAndABadOneIsNamed) {
  runtime::Schema schema;
  schema.add(settings());
  auto good = runtime::load_config(
      schema, {.overrides = {"limits.login_per_ip=3/10s", "limits.reads_per_user=off"}});
  ASSERT_TRUE(good.has_value()) << good.error().message();
  const auto table = LimitTable::from_config(*good);
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->rules(LimitClass::login)[0], (LimitRule{LimitKey::ip, 3, 10s}));
  EXPECT_EQ(table->rules(LimitClass::reads)[1].count, 0U);
  const auto bad = runtime::load_config(schema, {.overrides = {"limits.login_per_ip=often"}});
  ASSERT_TRUE(bad.has_value());
  EXPECT_TRUE(LimitTable::from_config(*bad).error().message().starts_with("limits.login_per_ip: "));
}

TEST(Limits, TheOperationsGuideNamesEveryLimitWithItsDefault) {
  std::ifstream file(UNHIDRA_SOURCE_DIR "/docs/operations.md");
  const std::string guide{std::istreambuf_iterator<char>(file), {}};
  for (const auto* setting : settings()) {
    const auto& value = std::get<std::string>(setting->default_value());
    const auto row = "| `" + std::string(setting->name()) + "` | `" + value + "` |";
    EXPECT_NE(guide.find(row), std::string::npos) << row;
  }
}

TEST(Problem, EveryKindHasItsStatusAndCloseCode) {
  const auto status = [](ErrorKind kind) {
    return http_status(Error(ErrorCode{"x.y", kind}, "m"));
  };
  const auto close = [](ErrorKind kind) {
    return static_cast<int>(close_code(Error(ErrorCode{"x.y", kind}, "m")));
  };
  EXPECT_EQ(status(ErrorKind::invalid), 400);
  EXPECT_EQ(status(ErrorKind::unauthenticated), 401);
  EXPECT_EQ(status(ErrorKind::denied), 403);
  EXPECT_EQ(status(ErrorKind::not_found), 404);
  EXPECT_EQ(status(ErrorKind::conflict), 409);
  EXPECT_EQ(status(ErrorKind::too_large), 413);
  EXPECT_EQ(status(ErrorKind::unprocessable), 422);
  EXPECT_EQ(status(ErrorKind::rate_limited), 429);
  EXPECT_EQ(status(ErrorKind::internal), 500);
  EXPECT_EQ(status(ErrorKind::corrupt), 500);
  EXPECT_EQ(status(ErrorKind::unavailable), 503);
  EXPECT_EQ(status(ErrorKind::timeout), 504);
  EXPECT_EQ(close(ErrorKind::unauthenticated), 4401);
  EXPECT_EQ(close(ErrorKind::denied), 4403);
  EXPECT_EQ(close(ErrorKind::rate_limited), 4429);
  EXPECT_EQ(close(ErrorKind::internal), 1011);
  EXPECT_EQ(close(ErrorKind::unavailable), 1013);
  EXPECT_EQ(close(ErrorKind::too_large), 1009);
}

TEST(Problem, FramesCarryTheSameErrorAsRest) {
  const auto error = Error(Errc::rate_limited, "slow down").with_retry_after(1500ms);
  const auto wire = to_wire(error);
  EXPECT_EQ(wire.code, "access.rate_limited");
  EXPECT_EQ(wire.message, "slow down");
  EXPECT_EQ(wire.status, 429U);
  EXPECT_EQ(wire.retry_after_ms, 1500U);
  EXPECT_EQ(to_wire(Error(Errc::internal, "a secret")).message.find("secret"), std::string::npos);
}

TEST(Paging, ACursorLeadsBackToItsPositionInItsListOnly) {
  const Bytes position{1, 2, 3};
  const auto cursor = encode_cursor("users.list", position);
  EXPECT_EQ(decode_cursor("users.list", cursor).value(), position);
  EXPECT_EQ(decode_cursor("audit.list", cursor).error(), Errc::bad_cursor);
  for (std::size_t size = 0; size < cursor.size(); ++size) {
    EXPECT_FALSE(decode_cursor("users.list", cursor.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_cursor("users.list", cursor + "AAAA").has_value());
  EXPECT_FALSE(decode_cursor("users.list", "!!!!").has_value());
  EXPECT_FALSE(decode_cursor("users.list", std::string(100'000, 'A')).has_value());
}

TEST(Paging, TheExtraRowBecomesTheNextCursor) {
  PageRequest page;
  page.limit = 2;
  std::vector<UserId> rows{UserId(Uuid{1}), UserId(Uuid{2}), UserId(Uuid{3})};
  const auto position = [](const UserId& id) { return id.bytes(); };
  const auto cursor = next_cursor("users.list", page, rows, position);
  ASSERT_TRUE(cursor.has_value());
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_EQ(decode_cursor("users.list", *cursor).value(), to_bytes(UserId(Uuid{2}).bytes()));
  EXPECT_FALSE(next_cursor("users.list", page, rows, position).has_value());
}

TEST(Revocation, IsReadAsItWasWritten) {
  using Kind = Revocation::Kind;
  for (const auto kind : {Kind::session, Kind::device, Kind::user, Kind::roles}) {
    const Revocation told{kind, Uuid{1, 2, 3}};
    const auto read = Revocation::decode(told.encode());
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->kind, kind);
    EXPECT_EQ(read->id, told.id);
  }
  auto bytes = Revocation{Kind::device, Uuid{1}}.encode();
  EXPECT_EQ(bytes, to_bytes(*from_hex("0201000000000000000000000000000000")));
  bytes[0] = 5;
  EXPECT_FALSE(Revocation::decode(bytes));
  bytes.pop_back();
  EXPECT_FALSE(Revocation::decode(bytes));
  EXPECT_FALSE(Revocation::decode({}));
}

}  // namespace
}  // namespace unhidra::access
