// Everything that the device core reads from outside; the first byte says as what. Whatever comes,
// nothing outside the buffers is touched, and an MQTT session says at most once that it is over.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
#include "der.h"
#include "session.h"
#include "uh/delivery.h"
#include "uh/group.h"
#include "uh/mqtt.h"
#include "uh/policy.h"
}

namespace {

using Octets = std::vector<std::uint8_t>;

void check(bool condition) {
  if (!condition) {
    std::abort();
  }
}

void read_session(Octets bytes) {
  static const uh_mqtt_filter kFilters[] = {{"a/#", 2}, {"b", 1}};
  static const uh_mqtt_settings kSettings = {.client_id = "fuzz",
                                             .user = nullptr,
                                             .password = nullptr,
                                             .keep_alive = 30,
                                             .session_expiry = 60,
                                             .will_topic = nullptr,
                                             .will = nullptr,
                                             .will_size = 0,
                                             .will_is_retained = false,
                                             .filters = kFilters,
                                             .filter_count = 2};
  Octets in(200);
  Octets out(200);
  uh_mqtt session;
  uh_mqtt_init(&session, &kSettings, nullptr, in.data(), in.size(), out.data(), out.size());
  check(uh_mqtt_connect(&session, 1) == UH_OK);
  const std::uint8_t* data = bytes.data();
  std::size_t size = bytes.size();
  for (std::uint64_t now = 2; size > 0; ++now) {
    uh_mqtt_sent(&session, session.out_size, now);
    uh_mqtt_event event;
    if (uh_mqtt_receive(&session, &data, &size, now, &event) != UH_OK) {
      check(!uh_mqtt_is_connected(&session));
      return;
    }
    if (event.kind == UH_MQTT_MESSAGE) {
      check(event.payload >= in.data() && event.payload + event.payload_size <= in.data() + 200);
      std::memset(event.payload, 0, event.payload_size);  // as opening does
      check(uh_mqtt_acknowledge(&session) == UH_OK);
    }
    if (uh_mqtt_tick(&session, now, &event) != UH_OK) {
      return;
    }
  }
}

void read_der(Octets bytes) {
  std::size_t size = 0;
  const std::uint8_t* certificate = nullptr;
  std::size_t certificate_size = 0;
  if (uh_base64_decode(bytes.data(), bytes.size(), &size) == UH_OK) {
    check(size <= bytes.size());
    (void)uh_first_certificate(bytes.data(), size, &certificate, &certificate_size);
  }
}

void read_certificate(Octets bytes) {
  const std::uint8_t* certificate = nullptr;
  std::size_t size = 0;
  if (uh_first_certificate(bytes.data(), bytes.size(), &certificate, &size) == UH_OK) {
    check(certificate >= bytes.data() && certificate + size <= bytes.data() + bytes.size());
  }
  uh_validity validity;
  if (uh_certificate_validity(bytes.data(), bytes.size(), &validity) == UH_OK) {
    check(validity.from < validity.until);
  }
}

void read_group(Octets bytes) {
  const std::uint8_t key[32] = {};
  Octets work(bytes.size() + UH_ROSTER_WORK);
  uh_group group;
  const uh_roster_input input = {.document = bytes.data(),
                                 .size = bytes.size(),
                                 .secret = key,
                                 .listens = uh_listens_to_controllers,
                                 .context = nullptr,
                                 .work = work.data(),
                                 .work_size = work.size()};
  (void)uh_group_join(&group, key, key, &input);
  group.current.number = 1;
  uh_opened opened;
  (void)uh_group_open(&group, "t", 1, bytes.data(), bytes.size(), false, &opened);
  (void)uh_group_load(&group, bytes.data(), bytes.size());
  uh_delivery delivery;
  (void)uh_delivery_open(&delivery, key, key, bytes.data(), bytes.size(), work.data(), work.size());
}

void read_policy(Octets bytes) {
  uh_group group{};
  group.owner_count = 1;
  uh_policy policy{};
  (void)uh_policy_replace(&policy, &group, bytes.data(), bytes.size());
  // And as if it had been believed.
  policy.version = 1;
  policy.size = static_cast<std::uint16_t>(std::min<std::size_t>(bytes.size(), UH_MAX_POLICY));
  std::copy_n(bytes.begin(), policy.size, policy.document);
  const std::uint8_t sender[UH_TAG8_SIZE] = {};
  bool needs_challenge = false;
  (void)uh_policy_allows(&policy, sender, UH_CONTROLLER, "set", 3, &needs_challenge);
}

// ---- a channel, on flash that forgets nothing ----

constexpr std::uint32_t kSector = 4096;
std::uint8_t flash_bytes[2 * kSector];

bool flash_read(void*, std::uint32_t at, void* out, std::uint32_t size) {
  std::memcpy(out, flash_bytes + at, size);
  return true;
}
bool flash_write(void*, std::uint32_t at, const void* data, std::uint32_t size) {
  std::memcpy(flash_bytes + at, data, size);
  return true;
}
bool flash_erase(void*, std::uint32_t sector) {
  std::memset(flash_bytes + std::size_t{sector} * kSector, 0xff, kSector);
  return true;
}
bool flash_is_blank(void*, std::uint32_t at, std::uint32_t size) {
  return std::all_of(flash_bytes + at, flash_bytes + at + size,
                     [](std::uint8_t byte) { return byte == 0xff; });
}

// Nobody who guesses opens anything, and what does not open leaves flash as it was.
void read_channel(Octets bytes) {
  static const uh_flash kFlash = {.context = nullptr,
                                  .sector_size = kSector,
                                  .sector_count = 2,
                                  .read = flash_read,
                                  .write = flash_write,
                                  .erase = flash_erase,
                                  .is_blank = flash_is_blank};
  static const std::uint8_t kKey[32] = {1};
  static std::uint8_t work[UH_CHANNEL_STORED_SIZE];
  static uh_channel channel;
  static const bool kIsOpen = [] {
    std::memset(flash_bytes, 0xff, sizeof flash_bytes);
    const uh_channel_parts parts = {.device = kKey,
                                    .identity_key = kKey,
                                    .signing_seed = kKey,
                                    .work = work,
                                    .work_size = sizeof work};
    return uh_channel_open(&channel, &parts, &kFlash, 0, 1) == UH_OK;
  }();
  check(kIsOpen);
  uh_pair_message message;
  auto copy = bytes;
  if (uh_pair_message_read(&message, copy.data(), copy.size()) == UH_OK) {
    check(message.head_size + message.sealed_size == copy.size() &&
          message.sealed_size >= UH_TAG_SIZE);
  }
  const Octets before(flash_bytes, flash_bytes + sizeof flash_bytes);
  uh_received received;
  check(uh_channel_receive(&channel, 0, bytes.data(), bytes.size(), &received) != UH_OK);
  check(std::equal(before.begin(), before.end(), flash_bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  constexpr void (*kReaders[])(Octets) = {read_session, read_der,    read_certificate,
                                          read_group,   read_policy, read_channel};
  kReaders[data[0] % std::size(kReaders)](Octets(data + 1, data + size));
  return 0;
}
