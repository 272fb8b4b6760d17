#include "unhidra/identity/group_payload.h"

#include <gtest/gtest.h>

#include "people.h"

namespace unhidra::identity {
namespace {

Bytes payload_of(const GroupPayloadHeader& header, std::size_t sealed, std::size_t tail = 0) {
  ByteWriter out;
  write(out, header);
  Bytes bytes = std::move(out).take();
  bytes.resize(bytes.size() + sealed + tail, 0x5a);
  return bytes;
}

GroupPayloadHeader telemetry() {
  return {.kind = PayloadKind::telemetry,
          .is_signed = false,
          .retained = false,
          .group = tag_of(id_of<DeviceGroupId>(5)),
          .epoch = 7,
          .sender = tag_of(id_of<DeviceId>(11)),
          .counter = 300};
}

TEST(GroupPayload, ReadsWhatWasWritten) {
  const auto bytes = payload_of(telemetry(), 20);
  const auto parsed = parse_group_payload(bytes);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->header, telemetry());
  EXPECT_EQ(parsed->header_bytes.size(), 1U + 1 + 8 + 4 + 8 + 2);
  EXPECT_EQ(parsed->sealed.size(), 20U);
  EXPECT_FALSE(parsed->signature);
}

TEST(GroupPayload, TheSignatureIsTheTail) {
  auto header = telemetry();
  header.kind = PayloadKind::command;
  header.is_signed = true;
  const auto parsed = parse_group_payload(payload_of(header, 16, 64));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->sealed.size(), 16U);
  ASSERT_TRUE(parsed->signature);
  EXPECT_EQ(parsed->signature->bytes()[0], 0x5a);
}

TEST(GroupPayload, WhatMustBeSignedIsRefusedWithoutASignature) {
  for (const auto kind : {PayloadKind::state, PayloadKind::command, PayloadKind::result}) {
    auto header = telemetry();
    header.kind = kind;
    EXPECT_EQ(parse_group_payload(payload_of(header, 100)).error(), Errc::malformed);
  }
  auto retained = telemetry();
  retained.retained = true;
  EXPECT_EQ(parse_group_payload(payload_of(retained, 100)).error(), Errc::malformed);
}

TEST(GroupPayload, PlaintextAndTruncationsAreRefused) {
  EXPECT_FALSE(parse_group_payload(as_bytes("{\"temperature\": 21.5, \"unit\": \"C\"}")));
  EXPECT_FALSE(parse_group_payload({}));
  const auto bytes = payload_of(telemetry(), crypto::kAeadTagSize);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_group_payload(ByteView(bytes).first(size))) << size;
  }
}

TEST(GroupPayload, UnknownSuitesFlagsAndCountersAreRefused) {
  auto suite = payload_of(telemetry(), 20);
  suite[0] = 2;
  EXPECT_FALSE(parse_group_payload(suite));
  auto flags = payload_of(telemetry(), 20);
  flags[1] |= 0x10;
  EXPECT_FALSE(parse_group_payload(flags));
  auto epoch = telemetry();
  epoch.epoch = 0;
  EXPECT_FALSE(parse_group_payload(payload_of(epoch, 20)));

  ByteWriter out;
  auto header = telemetry();
  header.counter = 0;
  write(out, header);
  Bytes wide(out.view().begin(), out.view().end() - 1);
  for (const int byte : {0x80, 0x80, 0x80, 0x80, 0x10}) {  // 2^32
    wide.push_back(static_cast<Byte>(byte));
  }
  wide.resize(wide.size() + 20);
  EXPECT_FALSE(parse_group_payload(wide));
}

}  // namespace
}  // namespace unhidra::identity
