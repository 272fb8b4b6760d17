// What is sent to the delivery service, and what it says to that.

#include "engine_impl.h"

namespace unhidra::client {

void Engine::Impl::send_step(GroupHold& hold, GroupLink& link) {
  const auto id = hold.record.id;
  const Question question{Ask::change_group, id.uuid()};
  if (!hold.record.step || link.taken || !requests_.may_ask(question)) {
    return;
  }
  const auto& step = *hold.record.step;
  const auto number = step.number;
  switch (step.kind) {
    case GroupStep::Kind::create:
      requests_.ask(question, wire::CreateGroup{id, step.group_info, step.tree}).number = number;
      return;
    case GroupStep::Kind::commit:
    case GroupStep::Kind::join:
      requests_
          .ask(question, wire::CommitGroup{id, hold.record.cursor, step.message, step.welcome,
                                           step.group_info})
          .number = number;
      return;
    case GroupStep::Kind::reset:
      send_reset(hold, question);
      return;
    case GroupStep::Kind::propose:
      break;
  }
  wire::ProposeToGroup body{id, hold.record.cursor, {}};
  ByteReader list(step.message);
  while (list.remaining() > 0 && !list.failed()) {
    body.proposals.push_back(to_bytes(list.bytes(step.message.size())));
  }
  requests_.ask(question, std::move(body)).number = number;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::GroupOutcome& outcome) {
  if (request.question.ask == Ask::send_group) {
    UNHIDRA_TRY_VOID(on_group_send_outcome(request, outcome));
    return true;
  }
  if (request.question.ask != Ask::change_group) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_step_outcome(request, outcome));
  return true;
}

Status Engine::Impl::on_step_outcome(const PendingRequest& request,
                                     const wire::GroupOutcome& outcome) {
  const ConversationId id(request.question.id);
  auto* hold = find_group(id);
  if (const auto* stale = std::get_if<wire::StaleGroup>(&outcome.result)) {
    on_stale_group(id, *stale);
  }
  if (hold == nullptr || !hold->record.step || hold->record.step->number != request.number) {
    return {};  // settled by the log meanwhile
  }
  UNHIDRA_TRY_VOID(need_mls(*hold));
  auto& link = link_.groups[id];
  if (const auto* accepted = std::get_if<wire::Accepted>(&outcome.result)) {
    return on_step_accepted(*hold, link, *accepted);
  }
  const auto* stale = std::get_if<wire::StaleGroup>(&outcome.result);
  if (hold->record.step->kind == GroupStep::Kind::reset) {
    reset_failed(*hold, "client.stale_group");
    return {};
  }
  if (stale == nullptr || stale->head_seq <= hold->record.cursor) {
    requests_.back_off(request.question, 0);  // nothing new to go by
  }
  if (hold->record.step->kind == GroupStep::Kind::join) {
    discard_step(*hold);
    hold->record.last_rejoin = {};  // a lost race, no broken state
    link.info.reset();
    // An external commit covers no proposals: while some wait, the members have to go first.
    requests_.back_off({Ask::group_info, id.uuid()}, 0);
  } else if (hold->record.step->kind == GroupStep::Kind::propose) {
    hold->record.step.reset();
    touch(*hold);
  }
  return {};  // a commit goes with the entry that made it stale
}

Status Engine::Impl::on_step_accepted(GroupHold& hold, GroupLink& link,
                                      const wire::Accepted& accepted) {
  const auto kind = hold.record.step->kind;
  link.head = std::max(link.head, accepted.seq);
  stir(hold.record.id);
  switch (kind) {
    case GroupStep::Kind::create:
      hold.record.state = GroupState::active;
      hold.record.step.reset();
      link.head_known = true;
      touch(hold);
      emit(event::GroupJoined{hold.record.id, hold.record.name});
      return {};
    case GroupStep::Kind::join:
      return come_in(hold, accepted.seq);
    case GroupStep::Kind::reset:
      return on_reset_accepted(hold, accepted);
    case GroupStep::Kind::propose:
      hold.record.step.reset();
      touch(hold);
      if (hold.mls->proposals().items().size() >= hold.mls->state().tree.member_count()) {
        return depart(hold, GroupState::left);  // nobody else is there: the server closes it
      }
      return {};
    case GroupStep::Kind::commit:
      break;
  }
  if (accepted.seq != hold.record.cursor + 1) {
    link.taken = true;  // after what stands before it in the log
    return {};
  }
  UNHIDRA_TRY_VOID(confirm_commit(hold, {accepted.seq, accepted.received_at}));
  hold.record.cursor = accepted.seq;
  if (!link.entries.empty() && link.entries.front().seq == accepted.seq) {
    link.entries.pop_front();
  }
  return {};
}

void Engine::Impl::on_stale_group(ConversationId id, const wire::StaleGroup& stale) {
  for (const auto& entry : stale.missing) {
    if (entry.conversation_id == id) {
      on_group_entry(entry);
    }
  }
  auto& link = link_.groups[id];
  link.head = std::max(link.head, stale.head_seq);
  stir(id);
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::GroupLog& log) {
  const ConversationId id(request.question.id);
  if (request.question.ask == Ask::earlier_log && log.conversation_id == id) {
    on_earlier_log(log);
    return true;
  }
  if (request.question.ask != Ask::group_log || log.conversation_id != id) {
    return false;
  }
  auto& link = link_.groups[id];
  for (const auto& entry : log.entries) {
    if (entry.conversation_id == id) {
      on_group_entry(entry);
    }
  }
  link.head = std::max(link.head, log.head_seq);
  link.head_known = true;
  stir(id);
  return true;
}

// ---- refusals ----

Status Engine::Impl::refuse_group(const PendingRequest& request, const wire::Error& error) {
  const ConversationId id(request.question.id);
  auto* hold = find_group(id);
  if (hold != nullptr) {
    UNHIDRA_TRY_VOID(need_mls(*hold));
  }
  switch (request.question.ask) {
    case Ask::send_group:
      return on_send_error(request, error);
    case Ask::change_group:
      return hold == nullptr || !hold->record.step || hold->record.step->number != request.number
                 ? Status()
                 : on_step_refused(*hold, error);
    case Ask::group_log:
    case Ask::group_info:
      stir(id);
      if (hold != nullptr && (error.status == 404 || error.status == 403)) {
        return depart(*hold, hold->record.state == GroupState::leaving ? GroupState::left
                                                                       : GroupState::removed);
      }
      return {};
    case Ask::earlier_log:
      if (link_.groups[id].earlier && error.status >= 400 && error.status < 500 &&
          error.status != 429 && error.status != 408) {
        link_.groups[id].earlier.reset();
        report("earlier", error);
        emit(event::EarlierMessages{id, 0, hold != nullptr && hold->history.has_more()});
      }
      return {};
    case Ask::ratchet_tree:
      if (error.status == 404 && hold != nullptr && hold->record.state == GroupState::joining) {
        link_.groups[id].info.reset();  // of an epoch that is over
      } else if (error.status == 404 && !link_.inbox.empty()) {
        link_.failed_welcomes.insert(link_.inbox.front().position);
      }
      return {};
    case Ask::claim_key_packages:
      // For good: as if there were none.
      return error.status >= 400 && error.status < 500 && error.status != 401 &&
                     error.status != 408 && error.status != 429
                 ? on_key_packages(request, {})
                 : Status();
    case Ask::publish_key_packages:
      report("key_packages", error);
      return {};
    default:
      return {};
  }
}

// The delivery service finds fault with what was made: it is made anew, of newer lists.
Status Engine::Impl::on_step_refused(GroupHold& hold, const wire::Error& error) {
  if (error.status == 429 || error.status == 408 || error.status >= 500 || error.status == 0 ||
      error.status == 401) {
    return {};
  }
  report("group", error);
  auto& link = link_.groups[hold.record.id];
  const auto kind = hold.record.step->kind;
  if (kind == GroupStep::Kind::reset) {
    reset_failed(hold, error.code);
    return {};
  }
  const auto changes = hold.record.step->changes;
  discard_step(hold);
  link.info.reset();
  link.head_known = false;
  if (kind == GroupStep::Kind::create) {
    return depart(hold, GroupState::left);
  }
  for (const auto order : changes) {
    const auto found = changes_.find(order);
    if (found == changes_.end()) {
      continue;
    }
    auto& change = found->second;
    ++change.attempts;
    change.key_packages.clear();
    for (const auto& user : change.users) {
      if (user != self_->user) {
        want_newer_list(user);
      }
    }
    save(change);
    const bool for_good = error.status == 403;  // newer lists give nobody more rights
    if (for_good || change.attempts > limits_.max_change_attempts) {
      finish_change(order, error.code);
    }
  }
  return {};
}

}  // namespace unhidra::client
