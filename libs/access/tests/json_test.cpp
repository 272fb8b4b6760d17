// JSON: what every parser reads alike, and nothing else.

#include "unhidra/access/json.h"

#include <gtest/gtest.h>

namespace unhidra::access {
namespace {

enum class Colour { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Inner {
  std::string name;
  std::optional<Timestamp> seen;
  friend bool operator==(const Inner&, const Inner&) = default;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name, seen))

struct Everything {
  bool flag = false;
  std::int64_t big = 0;
  std::uint8_t small = 0;
  double ratio = 0;
  std::string text = {};
  UserId user = {};
  Timestamp time{};
  Bytes blob = {};
  ByteArray<4> four{};
  Colour colour = Colour::red;
  std::optional<std::string> maybe = {};
  std::vector<Inner> list = {};
  std::map<std::string, std::uint32_t> counts = {};
  boost::json::value any = {};
  friend bool operator==(const Everything&, const Everything&) = default;
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (flag, big, small, ratio, text, user, time, blob, four, colour, maybe, list,
                       counts, any))

struct Login {
  std::string username;
  SecretBytes password;
  std::optional<std::string> organization;
};
BOOST_DESCRIBE_STRUCT(Login, (), (username, password, organization))

struct Number {
  std::uint64_t value = 0;
};
BOOST_DESCRIBE_STRUCT(Number, (), (value))
struct Words {
  std::vector<std::string> words;
};
BOOST_DESCRIBE_STRUCT(Words, (), (words))

template <class T>
std::string problem(std::string_view text) {
  const auto result = parse_body<T>(as_bytes(text));
  return result ? "accepted" : std::string(result.error().message());
}
template <class T>
Errc code(std::string_view text) {
  const auto result = parse_body<T>(as_bytes(text));
  if (!result && result.error() == Errc::bad_json) {
    return Errc::bad_json;
  }
  return !result && result.error() == Errc::bad_field ? Errc::bad_field : Errc::internal;
}

TEST(Json, EveryTypeGoesThereAndBack) {
  const Everything value{
      .flag = true,
      .big = -kMaxSafeInteger,
      .small = 255,
      .ratio = 0.5,
      .text = "zażółć \"\\\n\x01",
      .user = UserId(Uuid{1, 2, 3}),
      .time = from_unix_micros(1'700'000'000'123'456),
      .blob = {0, 255, 254},
      .four = {1, 2, 3, 4},
      .colour = Colour::green,
      .maybe = std::nullopt,
      .list = {{"a", std::nullopt}, {"b", from_unix_micros(0)}},
      .counts = {{"x", 1}, {"y", 4'294'967'295}},
      .any = boost::json::array{1, "two", nullptr},
  };
  const auto text = serialize(to_json(value));
  const auto read = parse_body<Everything>(as_bytes(text));
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(*read, value);
  EXPECT_EQ(text.find("maybe"), std::string::npos) << "an empty optional is left out";
}

TEST(Json, TheFormOfIdsTimesAndBytesIsTheDocumentedOne) {
  Everything value;
  value.user = UserId(Uuid{0x01, 0x23});
  value.blob = {0xfb, 0xff};
  const auto json = to_json(value).as_object();
  EXPECT_EQ(json.at("user").as_string(), "01230000-0000-0000-0000-000000000000");
  EXPECT_EQ(json.at("time").as_string(), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(json.at("blob").as_string(), "-_8");
  EXPECT_EQ(json.at("colour").as_string(), "red");
}

TEST(Json, UnknownMembersOfARequestAreErrorsThatNameTheNearest) {
  EXPECT_EQ(problem<Login>(R"({"username":"a","pasword":"b"})"), "password: missing");
  EXPECT_EQ(problem<Login>(R"({"username":"a","password":"b","organisation":"c"})"),
            "organisation: unknown member; did you mean organization?");
  EXPECT_EQ(problem<Login>(R"({"username":"a","password":"b","zzzzzzzz":"c"})"),
            "zzzzzzzz: unknown member");
  const auto value = parse_json(R"({"username":"a","password":"b","later":1})");
  EXPECT_TRUE(from_json<Login>(*value, JsonMode::tolerant).has_value());
}

TEST(Json, ErrorsNameThePathAndNeverTheValue) {
  EXPECT_EQ(problem<Words>(R"({"words":["a",7]})"), "words[1]: expected a string, got a number");
  EXPECT_EQ(problem<Login>(R"({"username":"a","password":{"x":"hunter2"}})"),
            "password: expected a string, got an object");
  EXPECT_EQ(problem<Login>("[]"), "expected an object, got an array");
  Everything value;
  value.user = UserId(Uuid{1});
  value.list = {{"a", {}}};
  auto json = to_json(value);
  json.as_object().at("list").as_array()[0].as_object()["seen"] = "hunter2";
  const auto read = from_json<Everything>(json);
  EXPECT_EQ(read.error().message(), "list[0].seen: expected a time such as 2026-01-31T12:00:00Z");
  json.as_object().at("colour") = "blue";
  EXPECT_EQ(from_json<Everything>(json).error().message(), "colour: expected one of red green");
}

TEST(Json, NullAndAbsentAreTheSameForOptionalMembersOnly) {
  EXPECT_EQ(problem<Login>(R"({"username":"a","password":"b","organization":null})"), "accepted");
  EXPECT_EQ(problem<Login>(R"({"username":null,"password":"b"})"),
            "username: expected a string, got null");
}

TEST(Json, NumbersOutsideTheirRangeAreRefused) {
  EXPECT_EQ(problem<Number>(R"({"value":9007199254740991})"), "accepted");
  for (const auto* text :
       {"9007199254740992", "18446744073709551615", "18446744073709551616", "-1", "1.5", "1.0",
        "1e3", "1e400", "-0.0", "123456789012345678901234567890"}) {
    EXPECT_EQ(code<Number>(std::string(R"({"value":)") + text + "}"), Errc::bad_field) << text;
  }
  for (const auto* text :
       {"NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x10", "1_000"}) {
    EXPECT_EQ(code<Number>(std::string(R"({"value":)") + text + "}"), Errc::bad_json) << text;
  }
}

TEST(Json, EqualKeysAreRefusedAtEveryDepthAndHoweverTheyAreWritten) {
  EXPECT_EQ(problem<Login>(R"({"username":"a","username":"b","password":"c"})"),
            "a key stands twice in one object");
  EXPECT_EQ(code<Login>(R"({"username":"a","user\u006eame":"b","password":"c"})"), Errc::bad_json);
  EXPECT_FALSE(parse_json(R"({"a":[{"b":{"c":1,"c":2}}]})").has_value());
  EXPECT_TRUE(parse_json(R"({"a":{"a":{"a":1}},"b":{"a":1}})").has_value());
}

TEST(Json, TextThatIsNotUtf8OrHoldsLoneSurrogatesIsRefused) {
  for (const std::string_view text : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", R"("\ud800")",
                                      R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")"}) {
    EXPECT_FALSE(parse_json(text).has_value()) << text;
  }
  EXPECT_EQ(parse_json(R"("\ud83e\udd91")")->as_string(), "🦑");
}

TEST(Json, DepthIsBoundedBeforeAnythingIsBuilt) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)).has_value());
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1)).has_value());
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')).has_value());
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += R"({"a":)";
  }
  EXPECT_FALSE(parse_json(objects).has_value());
}

TEST(Json, OnlyOneValueAndNothingElse) {
  for (const std::string_view text :
       {"", " ", "{}x", "{} {}", "{", R"({"a":1)", "nul", "tru", "'a'", "{a:1}", R"({"a":1,})",
        "[1,]", "/*c*/{}", "\xef\xbb\xbf{}", "\"\x01\""}) {
    EXPECT_FALSE(parse_json(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_json(std::string_view("{}\0", 3)).has_value());
  EXPECT_TRUE(parse_json(" {} \n").has_value());
}

TEST(Json, IdsBytesAndTimesAreStrict) {
  auto json = to_json(Everything{.user = UserId(Uuid{1})});
  const auto refused = [&](std::string_view member, std::string_view text) {
    auto changed = json;
    changed.as_object()[member] = text;
    return !from_json<Everything>(changed).has_value();
  };
  EXPECT_TRUE(refused("user", "00000000-0000-0000-0000-000000000000"));
  EXPECT_TRUE(refused("user", "0123"));
  EXPECT_TRUE(refused("blob", "AA=="));
  EXPECT_TRUE(refused("blob", "A"));
  EXPECT_TRUE(refused("blob", "+/8"));
  EXPECT_TRUE(refused("four", "AAAA"));
  EXPECT_TRUE(refused("time", "yesterday"));
}

}  // namespace
}  // namespace unhidra::access
