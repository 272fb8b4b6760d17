// What the server answers and tells.

#include "unhidra/wire/frames.h"

#include "engine_impl.h"

namespace unhidra::client {

Status Engine::Impl::answer(const PendingRequest& request, const wire::ServerFrame& frame) {
  requests_.settle(request.question);
  UNHIDRA_TRY(const bool fits,
              std::visit([&](const auto& body) { return take(request, body); }, frame.body));
  if (!fits) {
    emit(event::RequestFailed{"answer", std::string(error_code(Errc::bad_frame).name),
                              "the server answered a request with something else"});
    requests_.back_off(request.question, 0);
  }
  return {};
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Done&) {
  switch (request.question.ask) {
    case Ask::publish_keys:
      progress_.keys_dirty = false;
      link_.digest_checked = false;
      link_.prekey_count += static_cast<std::uint32_t>(request.number);
      return true;
    case Ask::publish_list:
      UNHIDRA_TRY_VOID(finish_proposal());
      return true;
    case Ask::publish_key_packages:
      link_.key_packages += static_cast<std::uint32_t>(request.number);
      link_.last_resort_there = true;
      return true;
    case Ask::typing:
      return true;
    case Ask::report_receipts:
      UNHIDRA_TRY_VOID(on_reported());
      return true;
    case Ask::withdraw_receipts:
      progress_.withdraw_receipts = false;
      return true;
    case Ask::set_presence:
      presence_.on_own_set(request);
      return true;
    case Ask::place:
      on_place_answer(request, {});
      return true;
    case Ask::create_channel:
      on_channel_created(ConversationId(request.question.id), {});
      return true;
    case Ask::default_channels:
      on_defaults_joined();
      return true;
    case Ask::acknowledge:
      link_.acknowledged = std::max(link_.acknowledged, request.number);
      link_.unacknowledged_since.reset();
      return true;
    default:
      return false;
  }
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::KeyDigest& digest) {
  if (request.question.ask != Ask::key_digest) {
    return false;
  }
  on_key_digest(digest);
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::PreKeyCount& count) {
  if (request.question.ask != Ask::count_prekeys) {
    return false;
  }
  link_.count_known = true;
  link_.prekey_count = count.one_time;
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request,
                                const wire::PendingDevices& devices) {
  if (request.question.ask != Ask::pending_devices) {
    return false;
  }
  on_pending_devices(devices);
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::DeviceLists& lists) {
  if (request.question.ask == Ask::former_device) {
    on_former_device(request, lists);
    return true;
  }
  if (request.question.ask == Ask::device_lists) {
    UNHIDRA_TRY_VOID(on_device_lists(request, lists));
    return true;
  }
  if (request.question.ask != Ask::device_list) {
    return false;
  }
  const UserId user(request.question.id);
  const auto found = std::ranges::find(lists.lists, user, &wire::DeviceListOf::user_id);
  UNHIDRA_TRY_VOID(found != lists.lists.end()
                       ? on_device_list(user, *found)
                       : on_device_list(user, wire::DeviceListOf{user, {}, {}}));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::UserInfo& info) {
  const auto& question = request.question;
  const bool by_id = question.ask == Ask::user_info && UserId(question.id) == info.user_id;
  const bool by_name = question.ask == Ask::user_named;
  if (!by_id && !by_name) {
    return false;
  }
  auto& record = user_record(info.user_id);
  link_.asked_names.insert(info.user_id);
  link_.wanted_names.erase(info.user_id);
  save(record);
  take_name(info);
  release_unnamed(info.user_id);
  if (by_name) {
    emit(event::UserFound{view(record)});
  }
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::People& page) {
  const auto ask = request.question.ask;
  if (ask != Ask::place && ask != Ask::renamed_people) {
    return false;
  }
  for (const auto& info : page.people) {
    take_name(info);
  }
  if (ask == Ask::place) {
    on_place_answer(request, page);
    return true;
  }
  link_.names_cursor = page.next_cursor;
  if (page.next_cursor.empty()) {
    link_.names_renewed = true;
    progress_.names_as_of = link_.hello.server_time;
  }
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::PreKeyBundles& bundles) {
  if (request.question.ask != Ask::bundles) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_bundles(request, bundles));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request,
                                const wire::Conversation& conversation) {
  if (request.question.ask != Ask::open_conversation) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_conversation(UserId(request.question.id), conversation));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Conversations& list) {
  if (request.question.ask != Ask::conversations) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_conversations(list));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Log& log) {
  if (request.question.ask != Ask::log) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_log(ConversationId(request.question.id), log));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Inbox& inbox) {
  if (request.question.ask != Ask::inbox) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_inbox(inbox));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::SendOutcome& outcome) {
  if (request.question.ask != Ask::send) {
    return false;
  }
  UNHIDRA_TRY_VOID(on_send_outcome(request, outcome));
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Authenticated& done) {
  if (request.question.ask != Ask::authenticate) {
    return false;
  }
  emit(event::TokenExpires{done.token_expires_at});
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Spaces& spaces) {
  on_place_answer(request, spaces);
  return request.question.ask == Ask::place;
}
Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::Channels& channels) {
  on_place_answer(request, channels);
  return request.question.ask == Ask::place;
}
Result<bool> Engine::Impl::take(const PendingRequest& request,
                                const wire::ChannelDetails& details) {
  on_place_answer(request, details);
  return request.question.ask == Ask::place;
}
Result<bool> Engine::Impl::take(const PendingRequest& request,
                                const wire::MessageVersions& versions) {
  on_place_answer(request, versions);
  return request.question.ask == Ask::place;
}

// ---- events ----

Status Engine::Impl::on_event(wire::ServerFrame& frame) {
  if (const auto* hello = std::get_if<wire::Hello>(&frame.body)) {
    return on_hello(*hello);
  }
  if (!link_.greeted) {
    return {};
  }
  if (auto* entry = std::get_if<wire::InboxEntry>(&frame.body)) {
    on_inbox_entry(std::move(*entry));
  } else if (auto* logged = std::get_if<wire::GroupEntry>(&frame.body)) {
    on_group_entry(std::move(*logged));
  } else if (const auto* few = std::get_if<wire::KeyPackagesLow>(&frame.body)) {
    if (few->cipher_suite == static_cast<std::uint32_t>(mls::kDefaultCipherSuite)) {
      link_.key_packages = few->one_time;
    }
  } else if (const auto* place = std::get_if<wire::ChannelChanged>(&frame.body)) {
    emit(event::ChannelChanged{place->channel_id});
  } else if (const auto* typing = std::get_if<wire::Typing>(&frame.body)) {
    on_typing(*typing);
  } else if (const auto* decided = std::get_if<wire::ChatPolicyChanged>(&frame.body)) {
    on_policy(decided->policy.value_or(link_.policy));
  } else if (const auto* presence = std::get_if<wire::PresenceChange>(&frame.body)) {
    presence_.on_change(*presence);
  } else if (const auto* profile = std::get_if<wire::ProfileChanged>(&frame.body)) {
    if (profile->user) {
      take_name(*profile->user);
    }
  } else if (const auto* low = std::get_if<wire::PreKeysLow>(&frame.body)) {
    link_.count_known = true;
    link_.prekey_count = low->one_time;
  } else if (const auto* changed = std::get_if<wire::DeviceListChanged>(&frame.body)) {
    if (changed->user_id == self_->user || users_.contains(changed->user_id)) {
      want_newer_list(changed->user_id);
    }
    link_.pending_listed = link_.pending_listed && changed->user_id != self_->user;
  } else if (const auto* closing = std::get_if<wire::Closing>(&frame.body)) {
    emit(event::ServerClosing{closing->code, closing->reconnect_after_ms});
  }
  return {};
}

Status Engine::Impl::on_hello(const wire::Hello& hello) {
  if (link_.greeted) {
    return {};
  }
  if (hello.user_id != self_->user || hello.device_id != self_->device) {
    staged_.reconnect = true;
    emit(event::RequestFailed{"connection", std::string(error_code(Errc::bad_frame).name),
                              "the server greeted another device: log in again"});
    return {};
  }
  link_.greeted = true;
  link_.hello = hello;
  link_.inbox_head = std::max(link_.inbox_head, hello.inbox_head);
  if (hello.inbox_head < progress_.inbox_cursor) {
    // The server lost entries (a restored backup). Message ids keep the rest from showing twice.
    progress_.inbox_cursor = hello.inbox_head;
  }
  emit(event::Connected{});
  emit(event::TokenExpires{hello.token_expires_at});
  return {};
}

Result<bool> Engine::Impl::take(const PendingRequest& request,
                                const wire::PresenceSnapshot& snapshot) {
  if (request.question.ask != Ask::watch_presence) {
    return false;
  }
  presence_.on_snapshot(request, snapshot);
  return true;
}

void Engine::Impl::report(std::string what, const wire::Error& error) {
  emit(event::RequestFailed{std::move(what), error.code, error.message});
}

Status Engine::Impl::receive(ByteView bytes) {
  auto frame = wire::decode<wire::ServerFrame>(bytes, {.max_size = limits_.max_frame});
  if (!frame) {
    released_.reconnect = true;
    return fail(Errc::bad_frame, "the server sent an unreadable frame: " + frame.error().message());
  }
  if (frame->request_id == 0) {
    return on_event(*frame);
  }
  const auto found = link_.pending.find(frame->request_id);
  if (found == link_.pending.end()) {
    return {};  // an answer to nothing: of no use, and of no harm
  }
  const auto request = std::move(found->second);
  link_.pending.erase(found);
  if (const auto* error = std::get_if<wire::Error>(&frame->body)) {
    return refuse(request, *error);
  }
  return answer(request, *frame);
}

}  // namespace unhidra::client
