// A member of a device group as a program, for tests that put a broker between such members: one
// command a line on the standard input, one answer a line. Fields are separated by spaces; bytes
// are hexadecimal, "-" for none.
//
//   new ID                                 makes the keys: identity, signing
//   owner                                  makes an owner's key: its public half
//   roster GROUP FILTER MEMBER...          the owner signs the next roster and draws a secret;
//                                          MEMBER is ID:identity:signing:role
//   deliver ID                             roster and secret, sealed by this member for another
//   take OWNER DELIVERY                    joins, or advances
//   seal TOPIC KIND RETAINED BODY REQUEST NOT_AFTER [CHALLENGE]
//   open TOPIC RETAINED PAYLOAD NOW        sender, its role, kind, body, request, challenge; times
//                                          are milliseconds
//   restart                                what is stored, read back
// An answer is "ok ..." or "refused CODE".

#include <iostream>
#include <sstream>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/e2ee/epoch_delivery.h"

namespace {

using namespace unhidra;
using identity::PayloadKind;

const crypto::Provider& provider() {
  return crypto::native_provider();
}

Result<Bytes> bytes_of(std::istream& in) {
  std::string text;
  in >> text;
  return text == "-" ? Result<Bytes>(Bytes()) : from_hex(text);
}
std::string word(std::istream& in) {
  std::string out;
  in >> out;
  return out;
}
std::string hex(ByteView bytes) {
  return bytes.empty() ? "-" : to_hex(bytes);
}
Timestamp at(std::int64_t milliseconds) {
  return from_unix_micros(milliseconds * 1000);
}

class Member {
 public:
  Result<std::string> answer(std::istream& in) {
    const auto command = word(in);
    if (command == "new") {
      UNHIDRA_TRY(id_, parsed<DeviceId>(word(in)));
      return hex(identity_.public_key().bytes()) + " " + hex(signing_.public_key().bytes());
    }
    if (command == "owner") {
      return hex(owner_.public_key().bytes());
    }
    if (command == "roster") {
      return roster(in);
    }
    if (command == "deliver") {
      return deliver(in);
    }
    if (command == "take") {
      return take(in);
    }
    if (command == "seal") {
      return seal(in);
    }
    if (command == "open") {
      return open(in);
    }
    if (command == "restart") {
      UNHIDRA_TRY(auto back,
                  e2ee::DeviceGroupKeys::deserialize(provider(), keys_->serialize().expose()));
      keys_.emplace(std::move(back));
      return std::string();
    }
    return fail(Errc::invalid, "an unknown command");
  }

 private:
  template <class Id>
  static Result<Id> parsed(const std::string& text) {
    const auto id = Id::parse(text);
    return id ? Result<Id>(*id) : fail(Errc::invalid, "not an id");
  }

  Result<std::string> roster(std::istream& in) {
    identity::DeviceGroup next;
    UNHIDRA_TRY(next.group_id, parsed<DeviceGroupId>(word(in)));
    next.topic_filters = {word(in)};
    next.owners = {owner_.public_key()};
    if (roster_) {
      next.epoch = roster_->epoch + 1;
      next.previous_hash = identity::hash_of(provider(), *roster_);
    }
    for (std::string text; in >> text;) {
      std::ranges::replace(text, ':', ' ');
      std::istringstream fields(text);
      identity::GroupMember member;
      UNHIDRA_TRY(member.keys.device_id, parsed<DeviceId>(word(fields)));
      UNHIDRA_TRY(const auto agreement, bytes_of(fields));
      UNHIDRA_TRY(const auto signing, bytes_of(fields));
      UNHIDRA_TRY(member.keys.identity_key, crypto::X25519PublicKey::from_bytes(agreement));
      UNHIDRA_TRY(member.keys.signing_key, crypto::Ed25519PublicKey::from_bytes(signing));
      member.role = static_cast<identity::GroupRole>(std::stoi(word(fields)));
      next.members.push_back(member);
    }
    UNHIDRA_TRY_VOID(identity::sign(provider(), owner_, next));
    roster_ = std::move(next);
    secret_ = random_.secret_array<32>();
    return std::to_string(roster_->epoch);
  }

  Result<std::string> deliver(std::istream& in) {
    UNHIDRA_TRY(const auto to, parsed<DeviceId>(word(in)));
    UNHIDRA_TRY(const auto out,
                e2ee::seal_epoch(provider(), random_, *roster_, secret_, id_, signing_, to));
    return hex(out);
  }

  Result<std::string> take(std::istream& in) {
    UNHIDRA_TRY(const auto key, bytes_of(in));
    UNHIDRA_TRY(const auto owner, crypto::Ed25519PublicKey::from_bytes(key));
    UNHIDRA_TRY(const auto delivery, bytes_of(in));
    UNHIDRA_TRY(auto opened, e2ee::open_epoch(provider(), delivery, id_, identity_));
    if (keys_) {
      UNHIDRA_TRY_VOID(
          keys_->advance(provider(), std::move(opened.roster), std::move(opened.secret)));
    } else {
      UNHIDRA_TRY(auto joined,
                  e2ee::DeviceGroupKeys::join(provider(), owner, std::move(opened.roster),
                                              std::move(opened.secret), id_));
      keys_.emplace(std::move(joined));
    }
    return std::to_string(keys_->roster().epoch);
  }

  Result<std::string> seal(std::istream& in) {
    const auto topic = word(in);
    const auto kind = static_cast<PayloadKind>(std::stoi(word(in)));
    const bool retained = word(in) == "1";
    e2ee::GroupContent content;
    UNHIDRA_TRY(content.body, bytes_of(in));
    UNHIDRA_TRY(const auto request, bytes_of(in));
    const auto not_after = std::stoll(word(in));
    if (!request.empty()) {
      UNHIDRA_TRY(content.request_id, to_array<16>(request));
    }
    if (not_after != 0) {
      content.not_after = at(not_after);
    }
    if (std::string challenge; in >> challenge) {
      UNHIDRA_TRY(const auto bytes, from_hex(challenge));
      UNHIDRA_TRY(content.challenge, to_array<16>(bytes));
    }
    content.sent_at = at(1);
    if (keys_->reserved_counters() == 0) {
      UNHIDRA_TRY_VOID(keys_->reserve_counters());
    }
    UNHIDRA_TRY(const auto out, keys_->seal(provider(), signing_, topic, kind, retained, content));
    return hex(out);
  }

  Result<std::string> open(std::istream& in) {
    const auto topic = word(in);
    const bool retained = word(in) == "1";
    UNHIDRA_TRY(const auto payload, bytes_of(in));
    const auto now = at(std::stoll(word(in)));
    UNHIDRA_TRY(const auto opened, keys_->open(provider(), topic, payload, retained));
    if (opened.header.kind == PayloadKind::command) {
      UNHIDRA_TRY_VOID(e2ee::check_command(opened.content, now, std::nullopt));
    }
    const auto& request = opened.content.request_id;
    const auto& challenge = opened.content.challenge;
    return opened.sender.keys.device_id.to_string() + " " +
           std::to_string(static_cast<int>(opened.sender.role)) + " " +
           std::to_string(static_cast<int>(opened.header.kind)) + " " + hex(opened.content.body) +
           " " + (request ? hex(*request) : "-") + " " + (challenge ? hex(*challenge) : "-");
  }

  crypto::SystemRandom random_;
  DeviceId id_;
  crypto::X25519KeyPair identity_ = crypto::X25519KeyPair::generate(provider(), random_);
  crypto::Ed25519KeyPair signing_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  crypto::Ed25519KeyPair owner_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  std::optional<identity::DeviceGroup> roster_;
  e2ee::EpochSecret secret_;
  std::optional<e2ee::DeviceGroupKeys> keys_;
};

}  // namespace

int main() {
  Member member;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    const auto answer = member.answer(in);
    if (answer) {
      std::cout << "ok " << *answer << std::endl;
    } else {
      std::cout << "refused " << answer.error().code().name << std::endl;
    }
  }
}
