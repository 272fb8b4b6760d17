// Records at rest: only the key opens them, and only where they stand.

#include "unhidra/client/record_sealer.h"

#include <gtest/gtest.h>

#include "unhidra/client/errc.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::client {
namespace {

class RecordSealerTest : public ::testing::Test {
 protected:
  testkit::SeededRandom random{1};
  RecordSealer sealer = with_key(7);
  RecordSealer::Name name = sealer.name_of(3, as_bytes("key"));

  RecordSealer with_key(Byte fill, std::string_view purpose = "test") {
    ByteArray<RecordSealer::kKeySize> key;
    key.fill(fill);
    return {crypto::native_provider(), random, key, purpose};
  }
  Bytes sealed(std::string_view value) {
    return sealer.seal(name, as_bytes("key"), as_bytes(value)).value();
  }
};

TEST_F(RecordSealerTest, OpensWhatItSealed) {
  const auto record = sealer.open(name, sealed("value"));
  ASSERT_TRUE(record);
  EXPECT_EQ(as_text(record->key), "key");
  EXPECT_EQ(as_text(record->value.expose()), "value");
}

TEST_F(RecordSealerTest, ARecordOpensOnlyUnderItsNameKeyAndPurpose) {
  const auto record = sealed("value");
  EXPECT_EQ(sealer.open(sealer.name_of(3, as_bytes("other")), record).error(), Errc::corrupt_store);
  EXPECT_EQ(sealer.open(sealer.name_of(4, as_bytes("key")), record).error(), Errc::corrupt_store);
  EXPECT_FALSE(with_key(8).open(name, record));
  EXPECT_FALSE(with_key(7, "other").open(name, record));
}

TEST_F(RecordSealerTest, EveryChangedByteAndEveryLengthIsNoticed) {
  const auto record = sealed("value");
  for (std::size_t i = 0; i < record.size(); ++i) {
    auto changed = record;
    changed[i] ^= 1;
    EXPECT_FALSE(sealer.open(name, changed)) << "byte " << i;
    EXPECT_FALSE(sealer.open(name, ByteView(record).first(i))) << "length " << i;
  }
}

TEST_F(RecordSealerTest, HidesNamesAndRoundsLengths) {
  EXPECT_EQ(sealed("a").size(), sealed("something longer").size());
  EXPECT_NE(sealed("a"), sealed("a"));
  EXPECT_NE(sealer.name_of(3, as_bytes("key")), sealer.name_of(4, as_bytes("key")));
  EXPECT_NE(sealer.kind_of(3), sealer.kind_of(4));
  EXPECT_NE(sealer.kind_of(3), with_key(8).kind_of(3));
}

}  // namespace
}  // namespace unhidra::client
