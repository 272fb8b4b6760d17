#include <gtest/gtest.h>

#include "unhidra/net/http.h"

#include "http_writer.h"

namespace unhidra::net {
namespace {

TEST(PercentDecoding, DecodesOnlyWhatIsWellFormed) {
  EXPECT_EQ(percent_decode("a%20b%C3%A9/%2f"), "a b\xc3\xa9//");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode(""), "");
  for (const auto* bad : {"%", "%2", "%zz", "%2g", "a%", "%00", "%ff", "%c3", "%ED%A0%80", "% 1"}) {
    EXPECT_FALSE(percent_decode(bad)) << bad;
  }
}

TEST(Query, GivesDecodedPairsInOrder) {
  const auto query = parse_query("a=1&b=%26&&c&d=x=y&a=2");
  ASSERT_TRUE(query);
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(*query,
            (std::vector<Pair>{{"a", "1"}, {"b", "&"}, {"c", ""}, {"d", "x=y"}, {"a", "2"}}));
  EXPECT_FALSE(parse_query("a=%zz"));
  std::string many;
  for (int i = 0; i < 101; ++i) {
    many += "a&";
  }
  EXPECT_FALSE(parse_query(many));
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers{{"Connection", "keep-alive, Upgrade"}, {"X", "1"}, {"connection", " foo ,,bar"}};
  EXPECT_EQ(headers.get("CONNECTION"), "keep-alive, Upgrade");
  EXPECT_EQ(headers.count("Connection"), 2U);
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("connection", "BAR"));
  EXPECT_FALSE(headers.has_token("connection", "upgrad"));
  EXPECT_EQ(headers.list("Connection").size(), 4U);
  headers.set("Connection", "close");
  EXPECT_EQ(headers.count("connection"), 1U);
  EXPECT_FALSE(headers.get("y"));
}

std::string written(const HttpResponse& response, ResponseOptions options = {}) {
  Bytes out;
  append_response(out, response, options);
  return std::string(as_text(out));
}

TEST(ResponseWriter, RefusesWhatWouldSplitTheMessage) {
  for (const auto& field : {Headers::Field{"X", "a\r\nY: b"}, Headers::Field{"X", "a\nb"},
                            Headers::Field{"X\r\nY", "b"}, Headers::Field{"X Y", "b"},
                            Headers::Field{"", "b"}, Headers::Field{"X", std::string("a\0b", 3)}}) {
    const auto text = written({200, {field}, {}});
    EXPECT_TRUE(text.starts_with("HTTP/1.1 500 ")) << text;
    EXPECT_EQ(text.find("Y: b"), std::string::npos);
  }
  EXPECT_TRUE(written({99, {}, {}}).starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(written({101, {}, {}}).starts_with("HTTP/1.1 500 "));
}

TEST(ResponseWriter, OwnsTheFramingFields) {
  const auto text =
      written({200, {{"Content-Length", "99"}, {"transfer-encoding", "chunked"}}, {'a'}});
  EXPECT_EQ(text.find("99"), std::string::npos);
  EXPECT_EQ(text.find("chunked"), std::string::npos);
  EXPECT_NE(text.find("Content-Length: 1\r\n"), std::string::npos);
  EXPECT_EQ(written({204, {}, {'a'}}).find("Content-Length"), std::string::npos);
  EXPECT_TRUE(written({200, {}, {'a'}}, {.head_only = true}).ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace unhidra::net
