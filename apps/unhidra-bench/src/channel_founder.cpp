#include "channel_founder.h"

#include <cstdio>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/identity/group_extensions.h"
#include "unhidra/identity/member_name.h"
#include "unhidra/wire/channels.h"

#include "in_turn.h"
#include "process_stats.h"

namespace unhidra::bench {
namespace {

constexpr std::size_t kClaimsAtATime = 32;  // under the gateway's bound for one connection
// A commit and its Welcome have some 550 bytes a member, and a request at most 1,000 KiB.
constexpr std::size_t kMembersPerCommit = 500;
constexpr std::uint32_t kMostAttempts = 10;

mls::ExtensionList channel_extensions(const wire::Hello& hello) {
  mls::ExtensionList out;
  out.set(static_cast<mls::ExtensionType>(identity::kOpenChannelExtension), {});
  if (hello.external_sender_key) {
    const mls::ExternalSender server{
        to_bytes(*hello.external_sender_key),
        mls::Credential::basic(as_bytes(identity::kDeliveryServiceName))};
    out.set(mls::ExtensionType::external_senders, mls::encode(mls::ExternalSenders{{server}}));
  }
  return out;
}

Result<std::uint64_t> accepted_seq(const wire::GroupOutcome& outcome) {
  if (const auto* accepted = std::get_if<wire::Accepted>(&outcome.result)) {
    return accepted->seq;
  }
  return fail(Errc::invalid, "somebody else has changed the channel of the load");
}

// How many ciphertexts the path of a commit has.
Result<std::size_t> sealed_secrets(ByteView commit) {
  UNHIDRA_TRY(const auto message, mls::MlsMessage::parse(commit));
  const auto* framed = message.as<mls::PublicMessage>();
  const auto* content = framed != nullptr ? framed->content.commit() : nullptr;
  if (content == nullptr || !content->path) {
    return fail(Errc::invalid, "not a commit with a path");
  }
  std::size_t out = 0;
  for (const auto& node : content->path->nodes) {
    out += node.encrypted_path_secret.size();
  }
  return out;
}

}  // namespace

ChannelFounder::ChannelFounder(const Account& account, RandomSource& random, const Clock& clock,
                               boost::asio::io_context& loop)
    : random_(random),
      clock_(clock),
      loop_(loop),
      device_(account.user, account.device, random, clock.now()),
      channel_(ConversationId::make(clock, random)) {}

mls::Environment ChannelFounder::environment() const {
  mls::Environment out{.provider = crypto::native_provider(), .random = random_};
  out.rules.now = static_cast<std::uint64_t>(to_unix_micros(clock_.now()) / 1'000'000);
  return out;
}

Status ChannelFounder::found(net::WebSocketClientSettings gateway) {
  auto hear = [this](ByteView frame) { arrivals_.note(frame, clock_.steady_now()); };
  UNHIDRA_TRY(link_, run_here(loop_, DeviceLink::open(loop_.get_executor(), std::move(gateway),
                                                      std::move(hear))));
  UNHIDRA_TRY(const auto own, device_.key_package());
  UNHIDRA_TRY_VOID(run_here(loop_, device_.publish(*link_, own.key_package)));
  return run_here(loop_, make_group());
}

Task<Status> ChannelFounder::make_group() {
  UNHIDRA_CO_TRY(group_,
                 mls::Group::create(environment(), mls::kDefaultCipherSuite,
                                    to_bytes(channel_.bytes()), device_.mls_identity(),
                                    device_.lifetime(), channel_extensions(link_->hello())));
  UNHIDRA_CO_TRY(const auto info, group_->group_info(false));
  wire::CreateGroup group{channel_, mls::encode(mls::MlsMessage{info}),
                          mls::encode(group_->state().tree)};
  UNHIDRA_CO_TRY_VOID(co_await link_->ask<wire::GroupOutcome>(std::move(group)));
  wire::CreateChannel channel{.channel_id = channel_,
                              .space_id = {},
                              .visibility = wire::ChannelVisibility::open,
                              .name = "load " + channel_.to_string()};
  UNHIDRA_CO_TRY_VOID(co_await link_->ask<wire::Done>(std::move(channel)));
  co_return Status();
}

Status ChannelFounder::bring_in(std::span<const UserId> users) {
  for (std::size_t at = 0; at < users.size(); at += kMembersPerCommit) {
    const auto some = users.subspan(at, std::min(kMembersPerCommit, users.size() - at));
    std::vector<mls::Proposal> additions;
    Status claimed;
    const auto one = [&](std::size_t number) -> Task<void> {
      if (auto status = co_await claim(some[number], additions); !status) {
        claimed = std::move(status);
      }
    };
    run_in_turn(loop_, some.size(), kClaimsAtATime, one);
    UNHIDRA_TRY_VOID(std::move(claimed));
    UNHIDRA_TRY_VOID(run_here(loop_, add(std::move(additions))));
    std::fprintf(stderr, "\rbrought in %u members", members());
  }
  std::fputc('\n', stderr);
  return {};
}

Task<Status> ChannelFounder::claim(UserId user, std::vector<mls::Proposal>& out) {
  wire::ClaimKeyPackages question{user, static_cast<std::uint32_t>(mls::kDefaultCipherSuite)};
  UNHIDRA_CO_TRY(const auto answer, co_await link_->ask<wire::KeyPackages>(std::move(question)));
  for (const auto& one : answer.key_packages) {
    UNHIDRA_CO_TRY(auto message, mls::MlsMessage::parse(one.key_package));
    auto* key_package = std::get_if<mls::KeyPackage>(&message.body);
    if (key_package == nullptr) {
      co_return fail(Errc::invalid, "the server hands out something else than KeyPackages");
    }
    out.push_back({mls::Add{std::make_shared<const mls::KeyPackage>(std::move(*key_package))}});
  }
  co_return Status();
}

// Without a path: in a tree that nobody but this member has written to, one for all would be sealed
// for each member by itself.
Task<Status> ChannelFounder::add(std::vector<mls::Proposal> additions) {
  mls::CommitOptions options;
  options.proposals = std::move(additions);
  options.force_path = false;
  options.tree_in_group_info = false;
  options.make_group_info = true;
  UNHIDRA_CO_TRY(auto bundle, group_->commit(environment(), options));
  wire::CommitGroup commit{channel_, log_head_, std::move(bundle.commit),
                           bundle.welcome.value_or(Bytes()), bundle.group_info.value_or(Bytes())};
  UNHIDRA_CO_TRY(const auto outcome, co_await link_->ask<wire::GroupOutcome>(std::move(commit)));
  UNHIDRA_CO_TRY(log_head_, accepted_seq(outcome));
  UNHIDRA_CO_TRY_VOID(group_->confirm_pending(environment()));
  co_return Status();
}

Result<ChannelFounder::PathCommit> ChannelFounder::renew_keys() {
  PathCommit out;
  while (out.attempts++ < kMostAttempts) {
    const auto before = thread_cpu_seconds();
    mls::CommitOptions options;
    options.tree_in_group_info = false;
    options.make_group_info = true;
    UNHIDRA_TRY(auto bundle, group_->commit(environment(), options));
    out.make_cpu_ms = (thread_cpu_seconds() - before) * 1e3;
    out.epoch = bundle.epoch;
    out.bytes = bundle.commit.size();
    UNHIDRA_TRY(out.sealed, sealed_secrets(bundle.commit));
    wire::CommitGroup commit{
        channel_, log_head_, std::move(bundle.commit), {}, bundle.group_info.value_or(Bytes())};
    out.request_bytes = wire::encode(commit).size();
    const auto sent = clock_.steady_now();
    UNHIDRA_TRY(const auto outcome,
                run_here(loop_, link_->ask<wire::GroupOutcome>(std::move(commit))));
    out.answered = clock_.steady_now() - sent;
    if (const auto* accepted = std::get_if<wire::Accepted>(&outcome.result)) {
      log_head_ = out.seq = accepted->seq;
      UNHIDRA_TRY_VOID(group_->confirm_pending(environment()));
      return out;
    }
    const auto* stale = std::get_if<wire::StaleGroup>(&outcome.result);
    UNHIDRA_TRY_VOID(stale != nullptr ? catch_up(*stale) : fail(Errc::invalid, "no outcome"));
  }
  return fail(Errc::unavailable, "others change the channel of the load all the time");
}

Status ChannelFounder::catch_up(const wire::StaleGroup& stale) {
  group_->discard_pending();
  for (const auto& entry : stale.missing) {
    if (entry.kind != wire::GroupEntryKind::message) {
      UNHIDRA_TRY(const auto message, mls::MlsMessage::parse(entry.content));
      UNHIDRA_TRY_VOID(group_->receive(environment(), message));
    }
    log_head_ = entry.seq;
  }
  return {};
}

std::uint32_t ChannelFounder::members() const {
  return group_ ? static_cast<std::uint32_t>(group_->state().tree.member_count()) : 0;
}

}  // namespace unhidra::bench
