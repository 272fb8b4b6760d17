#include "channel_founder.h"

#include <cstdio>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/identity/group_extensions.h"
#include "unhidra/identity/member_name.h"
#include "unhidra/wire/channels.h"

#include "in_turn.h"

namespace unhidra::bench {
namespace {

constexpr std::size_t kClaimsAtATime = 32;  // under the gateway's bound for one connection
// A commit and its Welcome have some 550 bytes a member, and a request at most 768 KiB.
constexpr std::size_t kMembersPerCommit = 500;

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
  UNHIDRA_TRY_VOID(run_here(loop_, device_.publish(*link_)));
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

std::uint32_t ChannelFounder::members() const {
  return group_ ? static_cast<std::uint32_t>(group_->state().tree.member_count()) : 0;
}

}  // namespace unhidra::bench
