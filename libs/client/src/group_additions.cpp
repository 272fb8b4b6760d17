// People whom a change takes into a group: their lists and KeyPackages are asked for, and who has a
// device comes in at once. Who has none yet is waited for: a newcomer's first KeyPackages may be on
// their way.

#include "engine_impl.h"
#include "planned_commit.h"

namespace unhidra::client {

namespace {

constexpr std::string_view kNoDevices = "client.no_recipient_device";

}  // namespace

Result<Engine::Impl::Outcome> Engine::Impl::plan_addition(GroupHold& hold, GroupChange& change,
                                                          PlannedCommit& plan) {
  std::vector<mls::Proposal> additions;
  std::vector<UserId> left_out;
  bool asked = false;    // an answer is on its way
  bool waiting = false;  // for somebody's first device
  bool identity_changed = false;
  for (const auto& user : change.users) {
    if (plan.options.proposals.size() + additions.size() >= limits_.max_additions) {
      break;  // a user's devices come in together
    }
    const auto& record = user_record(user);
    if (record.changed) {
      identity_changed = true;
      left_out.push_back(user);
      continue;
    }
    UNHIDRA_TRY(const auto outcome, look_for_devices(change, user));
    if (outcome == Outcome::wait) {
      asked = true;
      continue;
    }
    if (add_devices(hold, change, user, additions) || user == self_->user) {
      link_.without_device.erase(user);
    } else if (wait_for_device(change, user)) {
      waiting = true;
    } else {
      left_out.push_back(user);
    }
  }
  if (asked) {
    return Outcome::wait;
  }
  if (!additions.empty() || (!waiting && left_out.empty())) {
    plan.changes.push_back(change.order);
    std::ranges::move(additions, std::back_inserter(plan.options.proposals));
  } else if (!waiting) {
    const auto why = identity_changed ? error_code(Errc::identity_not_accepted).name : kNoDevices;
    finish_change(change.order, std::string(why), std::move(left_out));
  }
  return Outcome::done;
}

// `wait`: an answer of the server is on its way.
Result<Engine::Impl::Outcome> Engine::Impl::look_for_devices(const GroupChange& change,
                                                             UserId user) {
  const auto& record = user_record(user);
  if (!record.list && !link_.asked_lists.contains(user)) {
    want_list(user);
  }
  if (link_.wanted_lists.contains(user)) {
    UNHIDRA_TRY_VOID(pump_people());
    return Outcome::wait;
  }
  if (!record.list || change.key_packages.contains(user)) {
    return Outcome::done;
  }
  const Question question{Ask::claim_key_packages, user.uuid()};
  if (requests_.may_ask(question)) {
    requests_
        .ask(question,
             wire::ClaimKeyPackages{user, static_cast<std::uint32_t>(mls::kDefaultCipherSuite)})
        .number = change.order;
  }
  const auto state = link_.questions.find(question);
  const bool in_flight = state != link_.questions.end() && state->second.in_flight;
  return in_flight || !link_.without_device.contains(user) ? Outcome::wait : Outcome::done;
}

// Answers whether the user has a device that is in the group, or can be added. Each is checked
// against its user's list.
bool Engine::Impl::add_devices(const GroupHold& hold, const GroupChange& change, UserId user,
                               std::vector<mls::Proposal>& additions) const {
  const auto claimed = change.key_packages.find(user);
  if (claimed == change.key_packages.end()) {
    return false;
  }
  const auto& tree = hold.mls->state().tree;
  bool usable = false;
  for (const auto& bytes : claimed->second) {
    const auto message = mls::MlsMessage::parse(bytes);
    const auto* key_package = message ? message->as<mls::KeyPackage>() : nullptr;
    const auto name = key_package != nullptr
                          ? name_of(*key_package->leaf_node)
                          : Result<identity::MemberName>(fail(Errc::bad_frame, "unreadable"));
    if (!name || name->user_id != user ||
        authority_.standing(*name, key_package->leaf_node->signature_key()) !=
            LeafStanding::signed_by_user) {
      continue;
    }
    usable = true;
    const bool inside = tree.find_signature_key(key_package->leaf_node->signature_key()) ||
                        name->device_id == self_->device;
    if (!inside) {
      additions.push_back({mls::Add{std::make_shared<const mls::KeyPackage>(*key_package)}});
    }
  }
  return usable;
}

// Answers whether to go on waiting. The list is asked for anew with the KeyPackages: it may be
// older than the device.
bool Engine::Impl::wait_for_device(GroupChange& change, UserId user) {
  const auto now = clock_.steady_now();
  const auto [found, first] = link_.without_device.try_emplace(user);
  auto& absent = found->second;
  if (first) {
    absent = {now, now + requests_.delay_after(0), 0};
  } else if (now - absent.since >= limits_.device_patience) {
    return false;
  } else if (now >= absent.not_before) {
    absent.not_before = now + requests_.delay_after(++absent.rounds);
    change.key_packages.erase(user);
    want_newer_list(user);
  }
  return true;
}

Status Engine::Impl::on_key_packages(const PendingRequest& request,
                                     const wire::KeyPackages& answer) {
  const auto found = changes_.find(request.number);
  if (found == changes_.end()) {
    return {};
  }
  auto& list = found->second.key_packages[UserId(request.question.id)];
  for (const auto& one : answer.key_packages) {
    list.push_back(one.key_package);
  }
  save(found->second);
  return {};
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::KeyPackages& answer) {
  if (request.question.ask != Ask::claim_key_packages) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_key_packages(request, answer));
  return true;
}

// A commit has carried out its part of the change: who is not in yet is still waited for.
void Engine::Impl::settle_change(const GroupHold& hold, std::uint64_t order) {
  const auto found = changes_.find(order);
  if (found == changes_.end()) {
    return;
  }
  auto& change = found->second;
  std::set<UserId> still;
  if (change.kind == GroupChange::Kind::add) {
    still.insert(change.users.begin(), change.users.end());
    still.erase(self_->user);
    hold.mls->state().tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
      if (const auto name = name_of(leaf)) {
        still.erase(name->user_id);
      }
    });
  }
  if (still.empty()) {
    finish_change(order, {});
    return;
  }
  change.users.assign(still.begin(), still.end());
  std::erase_if(change.key_packages, [&](const auto& one) { return !still.contains(one.first); });
  save(change);
}

}  // namespace unhidra::client
