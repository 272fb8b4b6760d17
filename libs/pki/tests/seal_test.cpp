#include "unhidra/pki/seal.h"

#include "pki_fixtures.h"

namespace unhidra::pki {
namespace {

class Seal : public testing::Test {
 protected:
  static SecretArray<32> master(Byte fill) {
    SecretArray<32> out;
    std::fill_n(out.expose_mutable().begin(), 32, fill);
    return out;
  }
  crypto::SystemRandom random_;
  KeySealer sealer_{master(1)};
};

TEST_F(Seal, OpensWithTheSameKeyAndLabel) {
  const auto sealed = sealer_.seal("signing-key/1", as_bytes("secret"), random_);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(as_text(*sealed).find("secret"), std::string_view::npos);
  EXPECT_EQ(as_text(KeySealer(master(1)).open("signing-key/1", *sealed)->expose()), "secret");
  EXPECT_NE(sealer_.seal("signing-key/1", as_bytes("secret"), random_).value(), *sealed);
}

TEST_F(Seal, AnotherMasterKeyIsNamedAsSuch) {
  const auto sealed = sealer_.seal("a", as_bytes("secret"), random_).value();
  EXPECT_EQ(KeySealer(master(2)).open("a", sealed).error(), Errc::wrong_master_key);
}

TEST_F(Seal, AnotherLabelOrAnyAlteredByteIsRefused) {
  const auto sealed = sealer_.seal("a", as_bytes("secret"), random_).value();
  EXPECT_EQ(sealer_.open("b", sealed).error(), Errc::bad_seal);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto altered = sealed;
    altered[i] ^= 1;
    EXPECT_FALSE(sealer_.open("a", altered)) << i;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(sealer_.open("a", ByteView(sealed).first(size)));
  }
}

TEST_F(Seal, SizesAreBounded) {
  EXPECT_EQ(sealer_.seal("a", Bytes(KeySealer::kMaxSize + 1), random_).error(),
            Errc::bad_parameters);
  const auto empty = sealer_.seal("a", {}, random_).value();
  EXPECT_TRUE(sealer_.open("a", empty)->empty());
}

}  // namespace
}  // namespace unhidra::pki
