#include "credentials.h"

#include <set>

#include <gtest/gtest.h>

#include "unhidra/auth/errc.h"
#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "names.h"
#include "password_rules.h"

namespace unhidra::auth {
namespace {

TEST(RefreshToken, SurvivesItsTextForm) {
  crypto::SystemRandom random;
  const auto session = SessionId::make(runtime::SystemClock(), random);
  const auto token = RefreshToken::make(session, random);
  const auto read = RefreshToken::parse(token.to_text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->session, session);
  EXPECT_EQ(read->family_hash(), token.family_hash());
  EXPECT_EQ(read->rotation_hash(), token.rotation_hash());
}

TEST(RefreshToken, SuccessorKeepsTheFamilyAndChangesTheRest) {
  crypto::SystemRandom random;
  const auto token = RefreshToken::make(SessionId(Uuid{1}), random);
  const auto next = token.next(random);
  EXPECT_EQ(next.session, token.session);
  EXPECT_EQ(next.family_hash(), token.family_hash());
  EXPECT_NE(next.rotation_hash(), token.rotation_hash());
}

TEST(RefreshToken, RefusesEverythingElse) {
  crypto::SystemRandom random;
  const auto text = RefreshToken::make(SessionId(Uuid{1}), random).to_text();
  for (const auto& bad :
       {std::string(), std::string("uhr_"), text.substr(0, text.size() - 1), text + "A", text + "=",
        "x" + text, text.substr(4), "uhr_" + std::string(1000, 'A'),
        std::string("eyJhbGciOiJub25lIn0.e30.")}) {
    const auto read = RefreshToken::parse(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error(), Errc::invalid_session);
  }
}

TEST(Credential, IsLongRandomAndNamed) {
  crypto::SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto text = make_credential("uhi", random);
    EXPECT_EQ(text.size(), 4U + 43U);
    EXPECT_TRUE(text.starts_with("uhi_"));
    EXPECT_TRUE(seen.insert(text).second);
  }
}

TEST(OneTimePassword, CanBeTyped) {
  crypto::SystemRandom random;
  const auto text = make_one_time_password(random);
  EXPECT_EQ(text.size(), 23U);
  EXPECT_EQ(text.find_first_not_of("abcdefghjkmnpqrstuvwxyz23456789-"), std::string::npos);
  EXPECT_NE(text, make_one_time_password(random));
  EXPECT_TRUE(check_new_password(text, "alice"));
}

TEST(Username, IsFoldedToLowerCase) {
  EXPECT_EQ(normalise_username("Alice").value_or(""), "alice");
  EXPECT_EQ(normalise_username("a.b_C-9").value_or(""), "a.b_c-9");
  EXPECT_EQ(normalise_username(std::string(64, 'Z')).value_or(""), std::string(64, 'z'));
}

TEST(Username, RefusesWhatCouldBeConfused) {
  for (const auto* bad : {"", " alice", "alice ", "al ice",
                          "ali\xc3\xa7"
                          "e",
                          "al\nice", "a@b", "\xd0\xb0lice", "a/b", "a'b", "a\"b", "a%b"}) {
    EXPECT_FALSE(normalise_username(bad)) << bad;
  }
  EXPECT_FALSE(normalise_username(std::string(65, 'a')));
  EXPECT_FALSE(normalise_username(std::string_view("a\0b", 3)));
}

TEST(DisplayName, TakesPrintableTextOnly) {
  EXPECT_EQ(check_display_name("  Ada L\xc3\xb6w ").value_or(""), "Ada L\xc3\xb6w");
  EXPECT_EQ(check_display_name("").value_or("x"), "");
  EXPECT_FALSE(check_display_name("a\nb"));
  EXPECT_FALSE(
      check_display_name("\xe2\x80\xae"
                         "evil"));  // right-to-left override
  EXPECT_FALSE(check_display_name("\xff"));
  EXPECT_FALSE(check_display_name(std::string(129, 'a')));
  EXPECT_FALSE(check_display_name("Ada\u200b")) << "looks like another Ada";
  EXPECT_FALSE(check_display_name("\u3164"));
  EXPECT_TRUE(check_display_name("\u0646\u0645\u06cc\u200c\u062e")) << "a joiner of Persian names";
  EXPECT_EQ(check_display_name("Zoe\u0308 A\u030angstro\u0308m").value_or(""),
            "Zo\u00eb \u00c5ngstr\u00f6m");
  EXPECT_EQ(check_display_name("\u1112\u1161\u11ab").value_or(""), "\ud55c");
  std::string marked;
  for (int i = 0; i < 64; ++i) {
    marked += "o\u0308";  // 192 bytes, 128 as they are stored
  }
  EXPECT_TRUE(check_display_name(marked));
  EXPECT_FALSE(check_display_name(marked + "x"));
  EXPECT_EQ(check_display_name("Ada    Lovelace").value_or(""), "Ada Lovelace");
}

TEST(SearchText, HasEachWordAndEachPartOfOneBehindABlank) {
  EXPECT_EQ(search_text_of("ada.lovelace", "Ada Lovelace"), " ada.lovelace lovelace ada lovelace");
  EXPECT_EQ(search_text_of("bo", "M\u00fcller-L\u00dcdenscheid (R&D)"),
            " bo m\u00fcller-l\u00fcdenscheid l\u00fcdenscheid (r&d) r&d");
  EXPECT_EQ(search_text_of("--", ""), " --");
  EXPECT_EQ(search_text_of("a--b", "..."), " a--b b ...");
}

TEST(NewPassword, MustBeLongEnoughAndUncommon) {
  EXPECT_TRUE(check_new_password("correct horse battery staple", "alice"));
  EXPECT_TRUE(check_new_password(std::string(512, 'a') + std::string(512, 'b'), "alice"));
  EXPECT_TRUE(check_new_password("p\xc3\xa4ssw\xc3\xb6rter", "alice"));
  for (const auto& bad :
       {std::string("short"), std::string(1025, 'x'), std::string("password"),
        std::string("PassW0rd"), std::string("qwertyuiop"), std::string("zzzzzzzzzzzz"),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff"), std::string("abcdefg\0h", 9),
        std::string("Alice.Smith")}) {
    const auto status = check_new_password(bad, "alice.smith");
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error(), Errc::weak_password);
  }
}

}  // namespace
}  // namespace unhidra::auth
