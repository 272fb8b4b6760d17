// The published vectors of device groups, byte for byte, and what a malicious broker may try.
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "unhidra/base/text.h"

extern "C" {
#include "uh/group.h"
}

namespace {

namespace json = boost::json;
using unhidra::Bytes;

Bytes hex(const json::object& from, std::string_view name) {
  return unhidra::from_hex(std::string_view(from.at(name).as_string())).value();
}

struct Case {
  std::string topic;
  uh_kind kind = UH_TELEMETRY;
  bool retained = false;
  std::uint32_t counter = 0;
  uh_content content{};
  Bytes body;
  Bytes payload;
};

Case case_of(const json::object& from) {
  Case out;
  out.topic = std::string(from.at("topic").as_string());
  out.kind = static_cast<uh_kind>(from.at("kind").as_int64());
  out.retained = from.at("retained").as_int64() != 0;
  out.counter = static_cast<std::uint32_t>(from.at("counter").as_int64());
  out.content.sent_at = static_cast<std::uint64_t>(from.at("sent_at").as_int64()) / 1000;
  if (const auto* deadline = from.if_contains("not_after")) {
    out.content.not_after = static_cast<std::uint64_t>(deadline->as_int64()) / 1000;
  }
  const auto copy = [&](std::string_view name, std::uint8_t* to) {
    if (!from.contains(name)) {
      return false;
    }
    const Bytes bytes = hex(from, name);
    std::copy(bytes.begin(), bytes.end(), to);
    return true;
  };
  out.content.has_request = copy("request_id", out.content.request);
  out.content.has_challenge = copy("challenge", out.content.challenge);
  out.body = hex(from, "body");
  out.payload = hex(from, "payload");
  return out;
}

class DeviceCore : public testing::Test {
 protected:
  DeviceCore() {
    std::ifstream file(UNHIDRA_VECTORS, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    vectors_ = json::parse(text).as_object();
    for (const auto& one : vectors_.at("payloads").as_array()) {
      cases_.push_back(case_of(one.as_object()));
    }
    roster_ = hex(vectors_, "roster");
    secret_ = hex(vectors_, "epoch_secret");
    work_.resize(roster_.size() + UH_ROSTER_WORK);
  }

  uh_roster_input input(const Bytes& roster) {
    return {.document = roster.data(),
            .size = roster.size(),
            .secret = secret_.data(),
            .listens = uh_listens_to_controllers,
            .context = nullptr,
            .work = work_.data(),
            .work_size = work_.size()};
  }
  uh_group join(std::string_view who) {
    uh_group group;
    const auto from = input(roster_);
    EXPECT_EQ(uh_group_join(&group, hex(vectors_, "owner_public").data(), hex(vectors_, who).data(),
                            &from),
              UH_OK);
    return group;
  }
  static uh_status open(uh_group& group, const Case& one, Bytes payload, uh_opened& opened) {
    return uh_group_open(&group, one.topic.data(), one.topic.size(), payload.data(), payload.size(),
                         one.retained, &opened);
  }

  json::object vectors_;
  std::vector<Case> cases_;
  Bytes roster_;
  Bytes secret_;
  Bytes work_;
};

TEST_F(DeviceCore, OpensEveryPublishedPayload) {
  uh_group group = join("receiver_device");
  ASSERT_EQ(cases_.size(), 14U);
  for (const auto& one : cases_) {
    Bytes payload = one.payload;
    uh_opened opened;
    ASSERT_EQ(uh_group_open(&group, one.topic.data(), one.topic.size(), payload.data(),
                            payload.size(), one.retained, &opened),
              UH_OK)
        << one.topic << " " << one.counter;
    EXPECT_EQ(opened.kind, one.kind);
    EXPECT_EQ(opened.counter, one.counter);
    EXPECT_EQ(opened.content.sent_at, one.content.sent_at);
    EXPECT_EQ(opened.content.not_after, one.content.not_after);
    EXPECT_EQ(Bytes(opened.content.body, opened.content.body + opened.content.body_size), one.body);
  }
}

TEST_F(DeviceCore, SealsTheSameBytes) {
  uh_group group = join("sender_device");
  const Bytes seed = hex(vectors_, "sender_signing_seed");
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    if (i == cases_.size() / 2) {  // the sender starts again: the next block of counters
      Bytes stored(UH_GROUP_STORED_SIZE);
      std::size_t size = 0;
      ASSERT_EQ(uh_group_store(&group, stored.data(), stored.size(), &size), UH_OK);
      ASSERT_EQ(uh_group_load(&group, stored.data(), size), UH_OK);
    }
    if (uh_group_reserved(&group) == 0) {
      ASSERT_EQ(uh_group_reserve(&group), UH_OK);
    }
    auto& one = cases_[i];
    one.content.body = one.body.data();
    one.content.body_size = one.body.size();
    Bytes out(one.body.size() + UH_PAYLOAD_OVERHEAD + UH_CONTENT_OVERHEAD);
    std::size_t size = 0;
    ASSERT_EQ(uh_group_seal(&group, seed.data(), one.topic.data(), one.topic.size(), one.kind,
                            one.retained, &one.content, out.data(), out.size(), &size),
              UH_OK);
    out.resize(size);
    EXPECT_EQ(out, one.payload) << one.topic << " " << one.counter;
  }
}

TEST_F(DeviceCore, AnyFlippedBitIsRefusedAndChangesNothing) {
  uh_group group = join("receiver_device");
  const auto before = group;
  for (const auto& one : {cases_[0], cases_[3]}) {
    for (std::size_t bit = 0; bit < one.payload.size() * 8; ++bit) {
      Bytes payload = one.payload;
      payload[bit / 8] ^= static_cast<unhidra::Byte>(1U << (bit % 8));
      uh_opened opened;
      ASSERT_NE(open(group, one, payload, opened), UH_OK) << bit;
    }
  }
  EXPECT_EQ(std::memcmp(&before, &group, sizeof group), 0);
}

TEST_F(DeviceCore, RefusesReplayAnotherTopicAndOldRetainedState) {
  uh_group group = join("receiver_device");
  uh_opened opened;
  ASSERT_EQ(open(group, cases_[3], cases_[3].payload, opened), UH_OK);
  EXPECT_EQ(open(group, cases_[3], cases_[3].payload, opened), UH_DUPLICATE);
  Case moved = cases_[4];
  moved.topic = "home/back/lock/set";
  EXPECT_EQ(open(group, moved, moved.payload, opened), UH_UNDECRYPTABLE);
  // The same topic's retained state, then its older one, as a broker that brings it back.
  ASSERT_EQ(open(group, cases_[9], cases_[9].payload, opened), UH_OK);
  EXPECT_EQ(open(group, cases_[9], cases_[9].payload, opened), UH_OK) << "with each subscription";
  EXPECT_EQ(open(group, cases_[2], cases_[2].payload, opened), UH_STALE);
  Case kept = cases_[7];
  kept.retained = true;  // nobody asked for it to be kept
  EXPECT_EQ(open(group, kept, kept.payload, opened), UH_STALE);
}

TEST_F(DeviceCore, RefusesRostersThatNoOwnerSigned) {
  const Bytes self = hex(vectors_, "receiver_device");
  Bytes stranger = hex(vectors_, "owner_public");
  stranger[0] ^= 1;
  uh_group group;
  const auto good = input(roster_);
  EXPECT_EQ(uh_group_join(&group, stranger.data(), self.data(), &good), UH_NOT_AN_OWNER);
  for (std::size_t i = 0; i < roster_.size(); ++i) {
    Bytes changed = roster_;
    changed[i] ^= 1;
    const auto bad = input(changed);
    EXPECT_NE(uh_group_join(&group, hex(vectors_, "owner_public").data(), self.data(), &bad), UH_OK)
        << i;
    const Bytes cut(roster_.begin(), roster_.begin() + static_cast<std::ptrdiff_t>(i));
    const auto truncated = input(cut);
    EXPECT_NE(uh_group_join(&group, hex(vectors_, "owner_public").data(), self.data(), &truncated),
              UH_OK)
        << i;
  }
  group = join("receiver_device");
  EXPECT_EQ(uh_group_advance(&group, &good), UH_STALE);
}

TEST_F(DeviceCore, DamagedStoredKeysAreRefused) {
  uh_group group = join("receiver_device");
  Bytes stored(UH_GROUP_STORED_SIZE);
  std::size_t size = 0;
  ASSERT_EQ(uh_group_store(&group, stored.data(), stored.size(), &size), UH_OK);
  for (std::size_t i = 0; i < size; ++i) {
    Bytes damaged = stored;
    damaged[i] ^= 1;
    uh_group read;
    EXPECT_EQ(uh_group_load(&read, damaged.data(), size), UH_CORRUPT) << i;
  }
}

// The budget: what one group costs in memory, and one sender of it.
TEST_F(DeviceCore, FitsItsMemory) {
  EXPECT_LE(sizeof(uh_sender), 256U);
  EXPECT_LE(sizeof(uh_group), 6U * 1024);
}

}  // namespace
