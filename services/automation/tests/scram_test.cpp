// SCRAM-SHA-256 with the example of RFC 7677 section 3, and what must not get through.
#include "broker/scram.h"

#include <gtest/gtest.h>

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"

namespace unhidra::automation {
namespace {

constexpr std::string_view kFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view kProof = ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
    "Ute9ytag9zjfMHgsqmmiz7AndVQ=";

ScramExchange exchange(std::string_view password = "pencil", bool known = true) {
  return {parse_client_first(kFirst).value(),
          make_verifier(as_bytes(password), *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096),
          kServerNonce,
          {},
          known};
}

TEST(Scram, IsThatOfTheStandardsExample) {
  const auto made = exchange();
  EXPECT_EQ(made.server_first(),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
            "i=4096");
  EXPECT_EQ(made.finish(kFinal).value(), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Scram, AnythingElseThanTheRightProofOverThisExchangeIsRefused) {
  EXPECT_EQ(exchange("pencils").finish(kFinal).error(), Errc::bad_credentials);
  EXPECT_EQ(exchange("pencil", false).finish(kFinal).error(), Errc::bad_credentials);
  const std::string good(kFinal);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(exchange().finish(changed)) << i;
  }
  for (const std::string& bad :
       {std::string(), good + std::string(kProof), good.substr(0, good.find(",p=")),
        "c=biws" + std::string(kProof), std::string(2000, 'x'), good + ",x=1"}) {
    EXPECT_FALSE(exchange().finish(bad)) << bad;
  }
}

TEST(Scram, TheBindingIsThatOfTheChannel) {
  const auto first = parse_client_first("p=tls-exporter,,n=user,r=abcdefghijkl").value();
  EXPECT_TRUE(first.bound);
  const auto verifier = make_verifier(as_bytes("pencil"), Bytes(16, 7), 4096);
  const Bytes channel(32, 1);
  const Bytes other(32, 2);
  Bytes said = to_bytes(as_bytes(first.gs2_header));
  append(said, channel);
  // The right channel, but no proof; the message is otherwise good.
  const auto text = "c=" + to_base64(said) + ",r=abcdefghijklserver,p=" + to_base64(Bytes(32, 0));
  EXPECT_FALSE(ScramExchange(first, verifier, "server", channel, true).finish(text));
  EXPECT_FALSE(ScramExchange(first, verifier, "server", other, true).finish(text));
}

TEST(Scram, FirstMessagesAreReadStrictly) {
  EXPECT_TRUE(parse_client_first("y,,n=user,r=abcdefgh")->could_bind);
  EXPECT_EQ(parse_client_first("n,,n=user,r=abcdefgh,x=1")->bare, "n=user,r=abcdefgh,x=1");
  for (const std::string bad :
       {"", "n", "n,,", "n,,n=user", "n,,n=user,r=short", "n,,r=abcdefgh,n=user",
        "n,a=other,n=user,r=abcdefgh", "n,,m=ext,n=user,r=abcdefgh",
        "p=tls-unique,,n=user,r=abcdefgh", "x,,n=user,r=abcdefgh", "n,,n=user,r=abc defgh"}) {
    EXPECT_FALSE(parse_client_first(bad)) << bad;
  }
  EXPECT_FALSE(parse_client_first("n,,n=user,r=" + std::string(2000, 'a')));
}

}  // namespace
}  // namespace unhidra::automation
