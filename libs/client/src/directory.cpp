// Other people and their signed device lists. The rules: the first list pins the account key; later
// lists must continue the known one; another account key is offered to the user and nothing is
// encrypted for it before it is accepted.

#include <algorithm>

#include "unhidra/identity/safety_number.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxFormer = 64;
constexpr std::ptrdiff_t kMostNamesAsked = 16;  // under way at once
constexpr std::size_t kListsAtOnce = 100;       // what the server takes in one request

}  // namespace

UserRecord& Engine::Impl::user_record(UserId id) {
  auto& record = users_[id];
  record.id = id;
  return record;
}

void Engine::Impl::save(const UserRecord& record) {
  tx_.put(Table::user, record.id.bytes(), record.encode());
}

User Engine::Impl::view(const UserRecord& record) const {
  return {record.id, record.username, record.display_name, record.trust(),
          record.changed.has_value() && record.verified};
}

std::string Engine::Impl::fingerprint(const identity::DeviceKeys& keys) const {
  return digits(crypto_.sha512({as_bytes("unhidra device fingerprint v1"), keys.device_id.bytes(),
                                keys.identity_key.bytes(), keys.signing_key.bytes()}),
                6);
}

std::string digits(const ByteArray<64>& hash, std::size_t groups) {
  std::string out;
  for (std::size_t group = 0; group < groups; ++group) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      number = number << 8 | hash[group * 8 + i];
    }
    auto digits = std::to_string(number % 100'000);
    out += (group == 0 ? "" : " ") + std::string(5 - digits.size(), '0') + digits;
  }
  return out;
}

void Engine::Impl::want_newer_list(UserId user) {
  const Question question{Ask::device_list, user.uuid()};
  auto dropped = std::erase_if(link_.pending,
                               [&](const auto& one) { return one.second.question == question; });
  for (auto& [id, pending] : link_.pending) {
    dropped += std::erase(pending.people, user);
  }
  if (dropped > 0) {
    requests_.settle(question);
  }
  if (user == self_->user) {
    link_.own_list_known = false;
  } else {
    want_list(user);
  }
}

// Many at a time: who comes into a large group wants a list of everybody in it.
void Engine::Impl::ask_lists() {
  std::vector<UserId> people;
  const auto send = [&] {
    Uuid id{};
    random_.fill(id);
    requests_.ask({Ask::device_lists, id}, wire::FetchDeviceLists{people}).people = people;
    people.clear();
  };
  for (const auto& id : link_.wanted_lists) {
    const Question question{Ask::device_list, id.uuid()};
    if (!requests_.may_ask(question)) {
      continue;
    }
    link_.questions[question].in_flight = true;
    people.push_back(id);
    if (people.size() == kListsAtOnce) {
      send();
    }
  }
  if (!people.empty()) {
    send();
  }
}

Status Engine::Impl::pump_people() {
  ask_lists();
  for (const auto& [device, user] : link_.wanted_former) {
    if (requests_.may_ask({Ask::former_device, device.uuid()})) {
      requests_.ask({Ask::former_device, device.uuid()}, wire::FetchDeviceLists{{user}, device})
          .person = user;
    }
  }
  pump_names();
  want_names_of_watched();
  if (link_.wanted_names.empty()) {
    return {};
  }
  auto under_way = std::ranges::count(link_.pending, Ask::user_info,
                                      [](const auto& one) { return one.second.question.ask; });
  for (auto id = link_.wanted_names.begin();
       id != link_.wanted_names.end() && under_way < kMostNamesAsked; ++id) {
    if (requests_.may_ask({Ask::user_info, id->uuid()})) {
      requests_.ask({Ask::user_info, id->uuid()}, wire::LookUpUser{*id});
      ++under_way;
    }
  }
  return {};
}

void Engine::Impl::refuse_list(UserId user, event::ListRefusal why) {
  if (link_.refusals.emplace(user, static_cast<int>(why)).second) {
    emit(event::DeviceListRefused{user, why});
  }
}

// Of everybody who was asked about; who is not in the answer has none.
Status Engine::Impl::on_device_lists(const PendingRequest& request,
                                     const wire::DeviceLists& answer) {
  for (const auto& user : request.people) {
    requests_.settle({Ask::device_list, user.uuid()});
    const auto found = std::ranges::find(answer.lists, user, &wire::DeviceListOf::user_id);
    UNHIDRA_TRY_VOID(found != answer.lists.end()
                         ? on_device_list(user, *found)
                         : on_device_list(user, wire::DeviceListOf{user, {}, {}}));
  }
  return {};
}

Status Engine::Impl::on_device_list(UserId user, const wire::DeviceListOf& answer) {
  link_.wanted_lists.erase(user);
  link_.asked_lists.insert(user);
  auto& record = user_record(user);
  const bool own = user == self_->user;
  if (own) {
    link_.own_list_known = true;
    link_.own_list_absent = answer.document.empty();
    if (progress_.proposal && progress_.proposal->document == answer.document) {
      return finish_proposal();  // it had arrived before the connection broke
    }
  }
  std::set<DeviceId> revoked(answer.revoked_device_ids.begin(), answer.revoked_device_ids.end());
  const bool lost_device = own && !std::ranges::includes(record.revoked, revoked);
  record.revoked = std::move(revoked);
  if (answer.document.empty()) {
    if (record.list && !own) {
      refuse_list(user, event::ListRefusal::rolled_back);
    }
    check_expected(user);
    return {};
  }
  auto list = identity::open_device_list(crypto_, user, answer.document,
                                         record.list ? &*record.list : nullptr);
  if (!list) {
    refuse_list(user, list.error() == identity::Errc::malformed
                          ? event::ListRefusal::malformed
                          : event::ListRefusal::bad_signature);
    check_expected(user);
    return {};
  }
  const auto known = record.list ? record.list->devices : list->devices;
  UNHIDRA_TRY_VOID(take_list(record, std::move(*list)));
  save(record);
  if (own) {
    const bool recovers = progress_.proposal && progress_.proposal->kind == Proposal::Kind::recover;
    if (recovers) {
      UNHIDRA_TRY_VOID(drop_proposal());
    } else if (progress_.proposal) {
      // Made for a list that is no longer the last one.
      emit(event::RequestFailed{
          "device_list", std::string(identity::error_code(identity::Errc::stale_version).name),
          "another device changed the device list: try again"});
      UNHIDRA_TRY_VOID(drop_proposal());
    }
    judge_membership();
    const bool gained_device =
        record.list &&
        !std::ranges::includes(known, record.list->devices, {}, &identity::DeviceKeys::device_id,
                               &identity::DeviceKeys::device_id);
    if (lost_device || gained_device) {
      // Not only whoever approved a device gives it the key: that one may be lost before it does.
      share_account_key();
    }
    if (recovers && account_ && progress_.membership == Membership::pending) {
      UNHIDRA_TRY_VOID(propose_itself());  // on the list that is the last one now
    }
  }
  check_expected(user);
  return {};
}

void Engine::Impl::note_former(UserRecord& record, const identity::DeviceKeys& device) {
  if (record.former.size() >= kMaxFormer) {
    record.former.erase(record.former.begin());  // ids sort by age
  }
  record.former[device.device_id] = device.signing_key;
  ++list_changes_;
}

// Whether the answer has to be waited for. A device that is on no list now may have been on one:
// the account key's signature tells.
bool Engine::Impl::look_for_former(UserId user, DeviceId device) {
  if (link_.asked_former.contains(device)) {
    return false;
  }
  link_.wanted_former.emplace(device, user);
  return true;
}

void Engine::Impl::on_former_device(const PendingRequest& request, const wire::DeviceLists& lists) {
  const DeviceId device(request.question.id);
  link_.wanted_former.erase(device);
  link_.asked_former.insert(device);
  auto& record = user_record(request.person);
  for (const auto& answer : lists.lists) {
    if (answer.user_id != request.person || answer.earlier_document.empty() || !record.list) {
      continue;
    }
    const auto earlier =
        identity::open_device_list(crypto_, request.person, answer.earlier_document);
    const auto* keys = earlier ? earlier->find(device) : nullptr;
    if (keys != nullptr && earlier->account_key == record.list->account_key &&
        earlier->version < record.list->version) {
      note_former(record, *keys);
      save(record);
    }
  }
}

Status Engine::Impl::take_list(UserRecord& record, identity::DeviceList list) {
  if (!record.list) {
    record.list = std::move(list);
    ++list_changes_;
    return {};
  }
  if (*record.list == list) {
    record.changed.reset();
    return {};
  }
  if (list.account_key != record.list->account_key) {
    offer_identity(record, std::move(list));
    return {};
  }
  const auto successor = identity::check_successor(crypto_, *record.list, list);
  if (!successor) {
    refuse_list(record.id, successor.error() == identity::Errc::stale_version
                               ? event::ListRefusal::rolled_back
                               : event::ListRefusal::forked);
    return {};
  }
  for (const auto& device : record.list->devices) {
    if (list.find(device.device_id) == nullptr) {
      forget_peer(device.device_id);
      note_former(record, device);
    }
  }
  record.changed.reset();
  record.list = std::move(list);
  ++list_changes_;
  return {};
}

void Engine::Impl::offer_identity(UserRecord& record, identity::DeviceList list) {
  if (record.changed && *record.changed == list) {
    return;
  }
  const bool same_key = record.changed && record.changed->account_key == list.account_key;
  if (same_key && !identity::check_successor(crypto_, *record.changed, list)) {
    refuse_list(record.id, event::ListRefusal::rolled_back);
    return;
  }
  record.changed = std::move(list);
  ++list_changes_;
  if (!same_key) {
    emit(event::IdentityChanged{view(record)});
  }
}

// Devices that the server wanted messages for: they must stand on the list that was just fetched.
void Engine::Impl::check_expected(UserId user) {
  const auto& record = user_record(user);
  std::erase_if(link_.expected, [&](const wire::MissingDevice& missing) {
    if (missing.user_id != user) {
      return false;
    }
    const bool listed = (record.list && record.list->find(missing.device_id) != nullptr) ||
                        (record.changed && record.changed->find(missing.device_id) != nullptr);
    if (!listed && link_.ghosts.insert(missing.device_id).second) {
      emit(event::GhostDevice{user, missing.device_id});
    }
    return true;
  });
}

Status Engine::Impl::accept_identity(UserId user) {
  const auto found = users_.find(user);
  if (found == users_.end()) {
    return fail(Errc::not_found, "no such user is known here");
  }
  auto& record = found->second;
  if (!record.changed) {
    return {};
  }
  for (const auto& device : record.list->devices) {
    forget_peer(device.device_id);
  }
  record.list = std::move(*record.changed);
  record.changed.reset();
  record.verified = false;
  save(record);
  if (user == self_->user) {
    account_.reset();
    tx_.remove(Table::device, as_bytes("account"));
    judge_membership();
  }
  ++list_changes_;
  for (auto& [order, outgoing] : outbox_) {
    if (outgoing.peer.is_nil()) {
      UNHIDRA_TRY_VOID(set_state(outgoing, MessageState::queued));
    } else if (outgoing.peer == user) {
      outgoing.ciphertexts.clear();
      save(outgoing);
      UNHIDRA_TRY_VOID(set_state(outgoing, MessageState::queued));
    }
  }
  return open_held(user);
}

Status Engine::Impl::set_verified(UserId user, bool verified) {
  const auto found = users_.find(user);
  if (found == users_.end() || !found->second.list) {
    return fail(Errc::not_found, "no identity of that user is known yet");
  }
  if (found->second.changed) {
    return fail(Errc::identity_not_accepted,
                "the identity has changed: compare the new safety number and accept it first");
  }
  found->second.verified = verified;
  save(found->second);
  return {};
}

Result<SafetyNumber> Engine::Impl::safety_number(UserId user) const {
  const auto own = users_.find(self_->user);
  const auto found = users_.find(user);
  if (own == users_.end() || !own->second.list || found == users_.end() || !found->second.list) {
    return fail(Errc::not_found, "no identity of that user is known yet: connect first");
  }
  // After a change, what is to be compared is the new identity.
  const auto& theirs = found->second.changed ? *found->second.changed : *found->second.list;
  const auto number = identity::SafetyNumber::compute(
      crypto_, {self_->user, own->second.list->account_key}, {user, theirs.account_key});
  return SafetyNumber{number.text(), number.qr_text(), found->second.trust()};
}

}  // namespace unhidra::client
