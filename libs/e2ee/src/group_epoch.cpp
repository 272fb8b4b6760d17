#include "group_epoch.h"

#include <algorithm>
#include <optional>

#include "stored.h"

namespace unhidra::e2ee {
namespace {

constexpr std::size_t kKeptSize = 4 + 32;
constexpr std::size_t kRetainedSize = 32 + 4 + 32;
constexpr std::size_t kMaxRosterSize = std::size_t{128} * 1024;

std::size_t stored_size_of(const SenderKeys& sender) {
  return 16 + GroupChain::kStoredSize + 2 + sender.kept.size() * kKeptSize + 2 +
         sender.retained.size() * kRetainedSize;
}

void write(SecretWriter& out, const SenderKeys& sender) {
  out.raw(sender.device.bytes());
  sender.chain.serialize(out);
  out.integer(sender.kept.size(), 2);
  for (const auto& [counter, key] : sender.kept) {
    out.integer(counter, 4);
    out.raw(key.expose());
  }
  out.integer(sender.retained.size(), 2);
  for (const auto& [topic, retained] : sender.retained) {
    out.raw(topic);
    out.integer(retained.counter, 4);
    out.raw(retained.key.expose());
  }
}

std::optional<SenderKeys> read_sender(StoredReader& in) {
  SenderKeys out;
  out.device = DeviceId(in.array<16>());
  auto chain = GroupChain::deserialize(in);
  if (!chain) {
    return std::nullopt;
  }
  out.chain = std::move(*chain);
  for (std::size_t left = in.u16(); left > 0 && !in.failed(); --left) {
    const std::uint32_t counter = in.u32();
    out.kept.insert_or_assign(counter, in.secret());
  }
  for (std::size_t left = in.u16(); left > 0 && !in.failed(); --left) {
    const auto topic = in.array<32>();
    SenderKeys::Retained retained;
    retained.counter = in.u32();
    retained.key = in.secret();
    out.retained.insert_or_assign(topic, std::move(retained));
  }
  return out;
}

// Of a payload that lies ahead: the keys of those passed over that are worth keeping, and its own.
StagedKey stage_ahead(const crypto::Provider& provider, const GroupChain& from,
                      std::uint32_t counter, const GroupLimits& limits) {
  StagedKey out;
  out.advances = true;
  out.chain = from.clone();
  if (counter - from.next() > limits.max_kept_keys) {
    out.chain.skip_to(provider, counter - static_cast<std::uint32_t>(limits.max_kept_keys));
  }
  while (out.chain.next() < counter) {
    const std::uint32_t passed = out.chain.next();
    out.passed.emplace(passed, out.chain.take(provider));
  }
  out.key = out.chain.take(provider);
  return out;
}

void remember_retained(SenderKeys& sender, const TopicHash& topic, std::uint32_t counter,
                       SecretArray<32> key, const GroupLimits& limits) {
  sender.retained.insert_or_assign(topic, SenderKeys::Retained{counter, std::move(key)});
  while (sender.retained.size() > limits.max_retained_topics) {
    sender.retained.erase(std::ranges::min_element(
        sender.retained, {}, [](const auto& entry) { return entry.second.counter; }));
  }
}

}  // namespace

GroupEpoch GroupEpoch::start(const crypto::Provider& provider, identity::DeviceGroup roster,
                             EpochSecret secret, DeviceId self) {
  GroupEpoch out;
  const auto roster_hash = identity::hash_of(provider, roster);
  for (const auto& member : roster.members) {
    const auto device = member.keys.device_id;
    auto chain = GroupChain::start(provider, secret, roster_hash, device);
    if (device == self) {
      out.own_ = std::move(chain);
      continue;
    }
    SenderKeys sender;
    sender.device = device;
    sender.chain = std::move(chain);
    out.senders_.emplace(identity::tag_of(device), std::move(sender));
  }
  out.roster_ = std::move(roster);
  return out;
}

SenderKeys* GroupEpoch::find(const identity::SenderTag& tag) {
  const auto found = senders_.find(tag);
  return found == senders_.end() ? nullptr : &found->second;
}

std::size_t GroupEpoch::stored_size() const {
  std::size_t out = 4 + identity::encode(roster_).size() + GroupChain::kStoredSize + 2;
  for (const auto& [tag, sender] : senders_) {
    out += stored_size_of(sender);
  }
  return out;
}

void GroupEpoch::serialize(SecretWriter& out) const {
  const Bytes document = identity::encode(roster_);
  out.integer(document.size(), 4);
  out.raw(document);
  own_.serialize(out);
  out.integer(senders_.size(), 2);
  for (const auto& [tag, sender] : senders_) {
    write(out, sender);
  }
}

Result<GroupEpoch> GroupEpoch::deserialize(StoredReader& in, DeviceId self) {
  GroupEpoch out;
  auto roster = identity::decode_device_group(in.bytes(kMaxRosterSize));
  auto own = GroupChain::deserialize(in);
  if (!roster || !own) {
    return bad_stored("the stored keys of a device group are damaged");
  }
  out.roster_ = std::move(*roster);
  out.own_ = std::move(*own);
  for (std::size_t left = in.u16(); left > 0 && !in.failed(); --left) {
    auto sender = read_sender(in);
    if (!sender) {
      return bad_stored("the stored keys of a sender are damaged");
    }
    const auto tag = identity::tag_of(sender->device);
    out.senders_.insert_or_assign(tag, std::move(*sender));
  }
  // One chain for each member, no more and no less.
  const bool complete =
      out.roster_.find(self) != nullptr && out.senders_.size() + 1 == out.roster_.members.size() &&
      std::ranges::all_of(out.senders_, [&](const auto& entry) {
        return entry.second.device != self && out.roster_.find(entry.second.device) != nullptr;
      });
  if (in.failed() || !complete) {
    return bad_stored("the stored keys of a device group do not fit its roster");
  }
  return out;
}

Result<StagedKey> find_key(const crypto::Provider& provider, const SenderKeys& sender,
                           const identity::GroupPayloadHeader& header, const TopicHash& topic,
                           const GroupLimits& limits) {
  if (header.retained) {
    const auto known = sender.retained.find(topic);
    if (known != sender.retained.end() && header.counter < known->second.counter) {
      return fail(Errc::stale, "a newer retained payload of this topic was seen");
    }
    if (known != sender.retained.end() && header.counter == known->second.counter) {
      StagedKey out;
      out.key = known->second.key.clone();
      return out;
    }
  }
  if (header.counter < sender.chain.next()) {
    const auto kept = sender.kept.find(header.counter);
    if (kept == sender.kept.end()) {
      return fail(Errc::duplicate, "the payload was opened before, or came too late");
    }
    StagedKey out;
    out.key = kept->second.clone();
    return out;
  }
  if (header.counter - sender.chain.next() > limits.max_jump || header.counter >= kMaxCounter) {
    return fail(Errc::too_far_ahead, "the payload is too far ahead of the last one");
  }
  return stage_ahead(provider, sender.chain, header.counter, limits);
}

void commit(SenderKeys& sender, StagedKey staged, const identity::GroupPayloadHeader& header,
            const TopicHash& topic, const GroupLimits& limits) {
  if (staged.advances) {
    sender.chain = std::move(staged.chain);
    sender.kept.merge(staged.passed);
    while (sender.kept.size() > limits.max_kept_keys) {
      sender.kept.erase(sender.kept.begin());
    }
  } else {
    sender.kept.erase(header.counter);
  }
  if (header.retained) {
    remember_retained(sender, topic, header.counter, std::move(staged.key), limits);
  }
}

}  // namespace unhidra::e2ee
