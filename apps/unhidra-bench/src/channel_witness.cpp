#include "channel_witness.h"

#include <algorithm>

#include "unhidra/crypto/provider.h"

#include "in_turn.h"
#include "process_stats.h"

namespace unhidra::bench {

ChannelWitness::ChannelWitness(const Account& account, RandomSource& random, const Clock& clock,
                               boost::asio::io_context& loop)
    : random_(random),
      clock_(clock),
      loop_(loop),
      device_(account.user, account.device, random, clock.now()) {}

// Leaves of the others may be older than a KeyPackage may (RFC 9420 section 7.3): no time.
mls::Environment ChannelWitness::environment() const {
  return {.provider = crypto::native_provider(), .random = random_};
}

Status ChannelWitness::publish(net::WebSocketClientSettings gateway) {
  auto hear = [this](ByteView frame) { arrivals_.note(frame, clock_.steady_now()); };
  UNHIDRA_TRY(link_, run_here(loop_, DeviceLink::open(loop_.get_executor(), std::move(gateway),
                                                      std::move(hear))));
  UNHIDRA_TRY(key_package_, device_.key_package());
  return run_here(loop_, device_.publish(*link_, key_package_->key_package));
}

Task<Result<wire::InboxEntry>> ChannelWitness::fetch_welcome() {
  UNHIDRA_CO_TRY(const auto inbox, co_await link_->ask<wire::Inbox>(wire::FetchInbox{}));
  const auto found = std::ranges::find_if(inbox.entries, [&](const wire::InboxEntry& entry) {
    return entry.kind == wire::InboxKind::welcome && entry.conversation_id == channel_;
  });
  if (found == inbox.entries.end()) {
    co_return fail(Errc::unavailable, "the witness was brought in without a Welcome");
  }
  co_return *found;
}

Task<Result<Bytes>> ChannelWitness::fetch_tree(std::uint64_t seq) {
  Bytes out;
  for (std::uint64_t size = 1; out.size() < size;) {
    wire::FetchRatchetTree question{channel_, seq, out.size()};
    UNHIDRA_CO_TRY(const auto piece, co_await link_->ask<wire::RatchetTree>(std::move(question)));
    if (piece.piece.empty()) {
      co_return fail(Errc::invalid, "the server gives an empty piece of the tree");
    }
    size = piece.size;
    append(out, piece.piece);
  }
  co_return out;
}

Result<ChannelWitness::Work> ChannelWitness::join(ConversationId channel) {
  channel_ = channel;
  UNHIDRA_TRY(const auto entry, run_here(loop_, fetch_welcome()));
  UNHIDRA_TRY(const auto tree, run_here(loop_, fetch_tree(entry.seq)));
  const auto before = thread_cpu_seconds();
  UNHIDRA_TRY(const auto message, mls::MlsMessage::parse(entry.ciphertext));
  const auto* welcome = message.as<mls::Welcome>();
  if (welcome == nullptr) {
    return fail(Errc::invalid, "what came as a Welcome is none");
  }
  mls::JoinOptions options;
  UNHIDRA_TRY(options.tree, mls::RatchetTree::parse(tree));
  UNHIDRA_TRY(group_, mls::Group::join(environment(), *key_package_, *welcome, options));
  cursor_ = entry.seq;
  return Work{(thread_cpu_seconds() - before) * 1e3, entry.ciphertext.size() + tree.size()};
}

Result<ChannelWitness::Work> ChannelWitness::follow(std::uint64_t seq) {
  Work out;
  while (cursor_ < seq) {
    wire::FetchGroupLog question{channel_, cursor_, 0};
    UNHIDRA_TRY(const auto log, run_here(loop_, link_->ask<wire::GroupLog>(std::move(question))));
    if (log.entries.empty()) {
      return fail(Errc::unavailable, "the channel's log ends before the commit");
    }
    for (const auto& entry : log.entries) {
      cursor_ = entry.seq;
      if (entry.kind == wire::GroupEntryKind::message) {
        continue;
      }
      const auto before = thread_cpu_seconds();
      UNHIDRA_TRY(const auto message, mls::MlsMessage::parse(entry.content));
      UNHIDRA_TRY_VOID(group_->receive(environment(), message));
      if (entry.seq == seq) {
        out = {(thread_cpu_seconds() - before) * 1e3, entry.content.size()};
      }
    }
  }
  return out;
}

}  // namespace unhidra::bench
