// Section 2.1.2: lengths of variable-size vectors.
#include <gtest/gtest.h>

#include "unhidra/mls_public/framing.h"

namespace unhidra::mls_public {
namespace {

TEST(Section2_1_2, LengthsHaveOneForm) {
  for (const std::size_t length : {0U, 63U, 64U, 16383U, 16384U, (1U << 30) - 1}) {
    TlsWriter out;
    out.length(length);
    TlsReader in(out.view());
    EXPECT_EQ(in.length(), length);
    EXPECT_TRUE(in.finish("length"));
  }
}

TEST(Section2_1_2, LongerFormsThanNeededAreRefused) {
  for (const Bytes& bytes : {Bytes{0x40, 0x3f}, Bytes{0x80, 0, 0x3f, 0xff}, Bytes{0xc0},
                             Bytes{0xff, 0, 0, 0, 0, 0, 0, 0}}) {
    TlsReader in(bytes);
    in.length();
    EXPECT_TRUE(in.failed());
  }
}

TEST(Section2_1_2, ALengthBeyondTheInputIsRefusedBeforeAnythingIsTaken) {
  const Bytes bytes{0xbf, 0xff, 0xff, 0xff, 1, 2, 3};
  TlsReader in(bytes);
  EXPECT_TRUE(in.opaque().empty());
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.u8(), 0);
}

TEST(Section2_1_1, PresenceIsZeroOrOne) {
  const Bytes bytes{2};
  TlsReader in(bytes);
  in.present();
  EXPECT_TRUE(in.failed());
}

TEST(Section13_4, AnExtensionTypeStandsOnce) {
  const Bytes twice{6, 0, 9, 0, 0, 9, 0};
  TlsReader in(twice);
  ExtensionList::read(in);
  EXPECT_TRUE(in.failed());
}

TEST(Section6, UnknownTypesAreMalformed) {
  EXPECT_FALSE(MlsMessage::parse(Bytes{0, 2, 0, 1}));  // another version
  EXPECT_FALSE(MlsMessage::parse(Bytes{0, 1, 0, 9}));  // another wire format
  EXPECT_FALSE(MlsMessage::parse({}));
}

}  // namespace
}  // namespace unhidra::mls_public
