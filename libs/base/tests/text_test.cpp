#include "unhidra/base/text.h"

#include <gtest/gtest.h>

namespace unhidra {
namespace {

// RFC 4648 section 10.
TEST(Text, Base64OfTheStandard) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(as_text(*from_base64(encoded)), plain);
  }
}

TEST(Text, Base64DecodingIsStrict) {
  for (const auto* text : {"Zg", "Zg=", "Zh==", "Zm9v\n", "Zm9-", "Z===", "===="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  for (const auto* text : {"Zg==", "Zh", "Z", "a+b/", "Zm 9"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
}

TEST(Text, HexGoesBothWays) {
  EXPECT_EQ(to_hex(*from_hex("00fFa1")), "00ffa1");
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(Text, Utf8RefusesOverlongSurrogateAndTruncated) {
  EXPECT_TRUE(is_valid_utf8("h\xc3\xa9llo \xf0\x9f\x91\x8b"));
  for (const auto* text :
       {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xff"}) {
    EXPECT_FALSE(is_valid_utf8(text));
  }
}

TEST(Text, PrintableTakesTheStingOutOfEscapes) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\xef\xbf\xbd[31mb");
  EXPECT_EQ(printable("x\xe2\x80\xaey"), "x\xef\xbf\xbdy");
  EXPECT_EQ(printable("\xf0\x9f\x91\x8b"), "\xf0\x9f\x91\x8b");
}

TEST(Text, NearestFindsTheLikelyWord) {
  const std::string_view words[] = {"listen_address", "log_level", "data_dir"};
  EXPECT_EQ(nearest("log_lvel", words), "log_level");
  EXPECT_EQ(nearest("datadir", words), "data_dir");
  EXPECT_EQ(nearest("zzzzzzzz", words), "");
}

}  // namespace
}  // namespace unhidra
