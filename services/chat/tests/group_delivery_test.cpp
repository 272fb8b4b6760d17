// The delivery service of groups: one log, one commit an epoch, bundles that fit together.

#include <thread>

#include "unhidra/chat/errc.h"

#include "group_delivery_fixture.h"

namespace unhidra::chat {
namespace {

using mls_public::encode;
using mls_public::MlsMessage;
using storage::Transaction;

class GroupDelivery : public GroupDeliveryFixture {
 protected:
  // Alice's two devices and Bob's one are in.
  void fill() { commit(*laptop_, adding({&*phone_, &*desk_}), {}, {&*phone_, &*desk_}); }
  void expect_refused(const Client& by, const wire::CommitGroup& request, Errc code) {
    const auto before = log(*laptop_).head_seq;
    const auto sent = send(by, request);
    ASSERT_FALSE(sent);
    EXPECT_TRUE(sent.error() == code) << sent.error().message();
    EXPECT_EQ(log(*laptop_).head_seq, before);
  }
  void expect_reads(Client& reader, const wire::GroupEntry& entry, std::string_view text) {
    const auto received =
        reader.group->receive(environment(), MlsMessage::parse(entry.content).value());
    ASSERT_TRUE(received) << received.error().message();
    EXPECT_EQ(as_text(received->application_data.expose()), text);
  }
};

TEST_P(GroupDelivery, MembersJoinByWelcomeAndReadEachOther) {
  fill();
  const auto sent = say(*desk_, "hello");
  ASSERT_TRUE(sent) << sent.error().message();
  EXPECT_EQ(sent->accepted.seq, 2U);
  const auto seen = log(*laptop_);
  ASSERT_EQ(seen.entries.size(), 2U);
  EXPECT_EQ(seen.entries[0].kind, wire::GroupEntryKind::commit);
  EXPECT_EQ(seen.entries[1].kind, wire::GroupEntryKind::message);
  EXPECT_EQ(seen.entries[1].epoch, 1U);
  EXPECT_EQ(seen.entries[1].sender_device_id, desk_->device.asker.device_id);
  expect_reads(*laptop_, seen.entries[1], "hello");
  expect_reads(*phone_, seen.entries[1], "hello");
  const auto listed =
      *read([&](Transaction& tx) { return list_conversations(tx, desk_->device.asker, {}); });
  ASSERT_EQ(listed.conversations.size(), 1U);
  EXPECT_EQ(listed.conversations[0].kind, wire::ConversationKind::group);
  EXPECT_EQ(listed.conversations[0].head_seq, 2U);
  EXPECT_TRUE(listed.conversations[0].member_user_ids.empty());  // there may be thousands
}

TEST_P(GroupDelivery, AWelcomeReachesItsDeviceAloneAndCarriesNoOthersSecrets) {
  fill();
  for (auto* one : {&*phone_, &*desk_}) {
    const auto inbox =
        *read([&](Transaction& tx) { return fetch_inbox(tx, one->device.asker, {0, 0}); });
    ASSERT_EQ(inbox.entries.size(), 1U);
    const auto message = MlsMessage::parse(inbox.entries[0].ciphertext).value();
    EXPECT_EQ(message.as<mls_public::Welcome>()->secrets.size(), 1U);
  }
}

TEST_P(GroupDelivery, CreationIsAnsweredAgainAsTheFirstTimeAndForNobodyElse) {
  const wire::CreateGroup request{id_,
                                  encode(MlsMessage{laptop_->group->group_info(false).value()}),
                                  encode(laptop_->group->state().tree)};
  const auto as = [&](const Client& who, const wire::CreateGroup& what) {
    return write_as([&](const GroupService& s, Transaction& tx) {
      return create_group(s, tx, who.device.asker, what, clock_.now());
    });
  };
  EXPECT_TRUE(as(*laptop_, request));
  const auto other = as(*desk_, request);
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error() == Errc::group_exists);
}

TEST_P(GroupDelivery, NewGroupsThatMayNotBeStored) {
  const auto refused = [&](const wire::CreateGroup& request, Errc code) {
    const auto out = write_as([&](const GroupService& s, Transaction& tx) {
      return create_group(s, tx, laptop_->device.asker, request, clock_.now());
    });
    ASSERT_FALSE(out);
    EXPECT_TRUE(out.error() == code) << out.error().message();
  };
  const auto fresh = ConversationId::make(clock_, random_);
  const auto made = [&](const Client& by, ConversationId id, mls_public::ExtensionList list) {
    const auto group =
        mls::Group::create(environment(), mls_public::kDefaultCipherSuite, mls_group_id(id, 0),
                           identity_of(by.device), lifetime(), std::move(list))
            .value();
    return wire::CreateGroup{fresh, encode(MlsMessage{group.group_info(false).value()}),
                             encode(group.state().tree)};
  };
  refused(made(*laptop_, id_, extensions()), Errc::bad_group);  // another id
  refused(made(*desk_, fresh, extensions()), Errc::bad_group);  // another device
  auto strangers = extensions();
  strangers.set(mls_public::ExtensionType::external_senders,
                encode(mls_public::ExternalSenders{
                    {{Bytes(32, 7), mls_public::Credential::basic(as_bytes("someone"))}}}));
  refused(made(*laptop_, fresh, strangers), Errc::bad_group);
  auto cut = made(*laptop_, fresh, extensions());
  cut.ratchet_tree.pop_back();
  refused(cut, Errc::bad_group);
  auto with_tree =
      mls::Group::create(environment(), mls_public::kDefaultCipherSuite, mls_group_id(fresh, 0),
                         identity_of(laptop_->device), lifetime(), extensions())
          .value();
  refused({fresh, encode(MlsMessage{with_tree.group_info(true).value()}),
           encode(with_tree.state().tree)},
          Errc::bad_group);
}

TEST_P(GroupDelivery, OfTwoCommitsOneWinsAndTheOtherGetsWhatItLacks) {
  fill();
  const auto first = bundle(*laptop_, {});
  const auto second = bundle(*desk_, {});
  ASSERT_TRUE(send(*laptop_, first));
  expect_refused(*desk_, second, Errc::stale_group);
  const auto answer = stale(*desk_, 1);
  EXPECT_EQ(answer.epoch, 2U);
  ASSERT_EQ(answer.missing.size(), 1U);
  EXPECT_EQ(answer.missing[0].content, first.commit);
  // Sent again because its answer was lost.
  const auto again = send(*laptop_, first);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->accepted.seq, 2U);
  EXPECT_TRUE(again->entries.empty());
}

TEST_P(GroupDelivery, BetweenCheckAndWriteAnotherMayHaveCommitted) {
  fill();
  const auto first = bundle(*laptop_, {});
  const auto second = bundle(*desk_, {});
  auto prepared = read([&](Transaction& tx) {
    return prepare_commit(service(), tx, desk_->device.asker, second, clock_.now());
  });
  ASSERT_TRUE(prepared);
  ASSERT_TRUE(send(*laptop_, first));
  const auto late = write_as([&](const GroupService& s, Transaction& tx) {
    return store_commit(s, tx, desk_->device.asker, std::get<PreparedCommit>(*prepared), second,
                        clock_.now());
  });
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error() == Errc::stale_group);
  EXPECT_EQ(log(*desk_).head_seq, 2U);
}

TEST_P(GroupDelivery, ParallelCommitsOfOneEpochHaveOneWinner) {
  fill();
  constexpr int kRounds = 6;
  std::vector<Client*> all{&*laptop_, &*phone_, &*desk_};
  for (int round = 0; round < kRounds; ++round) {
    std::vector<wire::CommitGroup> bundles;
    std::vector<Result<GroupChange>> outcomes;
    for (auto* one : all) {
      bundles.push_back(bundle(*one, {}));
      outcomes.emplace_back(fail(unhidra::Errc::internal, "not run"));
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < all.size(); ++i) {
      threads.emplace_back([&, i] { outcomes[i] = send(*all[i], bundles[i]); });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    int winners = 0;
    std::size_t winner = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      winners += outcomes[i] ? 1 : 0;
      winner = outcomes[i] ? i : winner;
      EXPECT_TRUE(outcomes[i] || outcomes[i].error() == Errc::stale_group)
          << outcomes[i].error().message();
    }
    ASSERT_EQ(winners, 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i == winner) {
        ASSERT_TRUE(all[i]->group->confirm_pending(environment()));
      } else {
        ASSERT_TRUE(all[i]->group->receive(environment(),
                                           MlsMessage::parse(bundles[winner].commit).value()));
      }
    }
  }
  const auto seen = log(*desk_);
  ASSERT_EQ(seen.entries.size(), static_cast<std::size_t>(kRounds + 1));
  for (std::size_t i = 0; i < seen.entries.size(); ++i) {
    EXPECT_EQ(seen.entries[i].seq, i + 1);
    EXPECT_EQ(seen.entries[i].epoch, i);
  }
}

TEST_P(GroupDelivery, BundlesThatLie) {
  fill();
  const auto good = bundle(*laptop_, adding({&*tablet_}));
  auto lie = good;
  lie.welcome.clear();
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  lie.group_info.clear();
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  lie.group_info = encode(MlsMessage{desk_->group->group_info(false).value()});
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  lie.group_info.back() ^= 1;
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  auto welcome = *MlsMessage::parse(good.welcome)->as<mls_public::Welcome>();
  welcome.secrets.push_back(welcome.secrets.front());
  lie.welcome = encode(MlsMessage{welcome});
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  welcome.secrets = {welcome.secrets.front()};
  welcome.secrets.front().new_member[0] ^= 1;
  lie.welcome = encode(MlsMessage{welcome});
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  lie.commit.back() ^= 1;  // the membership tag, which only members can check: not the signature
  lie.commit[lie.commit.size() / 2] ^= 1;
  expect_refused(*laptop_, lie, Errc::bad_commit);
  expect_refused(*desk_, good, Errc::bad_commit);  // another device's
  expect_refused(*tablet_, good, Errc::not_found);
  laptop_->group->discard_pending();
  expect_refused(
      *laptop_,
      bundle(*laptop_, {.proposals = {{mls_public::ReInit{to_bytes("x"),
                                                          mls_public::ProtocolVersion::mls10,
                                                          mls_public::kDefaultCipherSuite,
                                                          {}}}}}),
      Errc::bad_commit);
  laptop_->group->discard_pending();
  expect_refused(*laptop_,
                 bundle(*laptop_, {.proposals = {{mls_public::GroupContextExtensions{{}}}}}),
                 Errc::bad_commit);
  EXPECT_TRUE(send(*laptop_, good));
}

// A group keeps the cipher suite that it was made with: nothing weaker comes in from its own
// members either.
TEST_P(GroupDelivery, NothingOfAnotherSuiteComesIn) {
  fill();
  constexpr auto kOther = static_cast<mls_public::CipherSuite>(1);
  ASSERT_NE(kOther, mls_public::kDefaultCipherSuite);
  const auto other = mls::Suite::of(provider_, kOther).value();
  const auto good = bundle(*laptop_, adding({&*tablet_}));

  auto lie = good;
  auto welcome = *MlsMessage::parse(good.welcome)->as<mls_public::Welcome>();
  welcome.cipher_suite = kOther;
  lie.welcome = encode(MlsMessage{welcome});
  expect_refused(*laptop_, lie, Errc::bad_commit);
  lie = good;
  auto info = *MlsMessage::parse(good.group_info)->as<mls_public::GroupInfo>();
  info.group_context.cipher_suite = kOther;
  lie.group_info = encode(MlsMessage{info});
  expect_refused(*laptop_, lie, Errc::bad_commit);

  laptop_->group->discard_pending();
  const mls_public::ReInit downgrade{to_bytes("x"), mls_public::ProtocolVersion::mls10, kOther, {}};
  expect_refused(*laptop_, bundle(*laptop_, {.proposals = {{downgrade}}}), Errc::bad_commit);
  laptop_->group->discard_pending();

  auto identity = identity_of(tablet_->device);
  identity.signature_key =
      mls::SignatureKeyPair::from_private(other, tablet_->device.signing.private_key().expose())
          .value();
  const auto weak = mls::make_key_package(other, random_, identity, lifetime()).value();
  const auto shared = std::make_shared<const mls_public::KeyPackage>(weak.key_package);
  // No member that keeps to the protocol says so, and who claims to be outside is not asked.
  const auto told = desk_->group->propose(environment(), {mls_public::Add{shared}},
                                          mls_public::WireFormat::mls_public_message);
  ASSERT_FALSE(told);
  const auto outside = mls::external_proposal(
      other, desk_->group->context(), identity.signature_key,
      {mls_public::SenderType::new_member_proposal, 0}, {mls_public::Add{shared}});
  ASSERT_TRUE(outside) << outside.error().message();
  const auto proposed = write_as([&](const GroupService& s, Transaction& tx) {
    return store_proposals(s, tx, desk_->device.asker, {id_, 0, {*outside}}, clock_.now());
  });
  ASSERT_FALSE(proposed);
  EXPECT_TRUE(proposed.error() == Errc::bad_proposal) << proposed.error().message();
  EXPECT_TRUE(send(*laptop_, good));
}

TEST_P(GroupDelivery, PeopleComeAndGoWithAllTheirDevices) {
  Client second = client(bob_, {&*desk_});
  expect_refused(*laptop_, bundle(*laptop_, adding({&*phone_, &*desk_})), Errc::stale_devices);
  laptop_->group->discard_pending();
  commit(*laptop_, adding({&*phone_, &*desk_, &second}), {}, {&*phone_, &*desk_, &second});
  expect_refused(*laptop_, bundle(*laptop_, removing(*laptop_, {&second})), Errc::stale_devices);
  laptop_->group->discard_pending();
  // No longer the user's: it goes alone.
  ASSERT_TRUE(approve(bob_, {&desk_->device}));
  commit(*laptop_, removing(*laptop_, {&second}), {&*phone_, &*desk_});
  commit(*laptop_, removing(*laptop_, {&*desk_}), {&*phone_, &*desk_});
  const auto seen = log(*desk_);
  EXPECT_EQ(seen.head_seq, 3U);
  ASSERT_TRUE(say(*laptop_, "without Bob"));
  EXPECT_EQ(log(*desk_).entries.size(), 3U);
  EXPECT_EQ(log(*phone_).entries.size(), 4U);
  EXPECT_TRUE(read([&](Transaction& tx) {
                return list_conversations(tx, desk_->device.asker, {});
              })->conversations.empty());
}

TEST_P(GroupDelivery, NobodyOutsideReadsOrWrites) {
  fill();
  const auto refused = read(
      [&](Transaction& tx) { return fetch_group_log(tx, tablet_->device.asker, {id_, 0, 0}); });
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error() == Errc::not_found);
  EXPECT_FALSE(
      read([&](Transaction& tx) { return fetch_group_info(tx, tablet_->device.asker, id_); }));
  EXPECT_FALSE(
      read([&](Transaction& tx) { return check_tree_kept(tx, tablet_->device.asker, id_, 1); }));
  tablet_->group.emplace(mls::Group::create(environment(), mls_public::kDefaultCipherSuite,
                                            mls_group_id(id_, 0), identity_of(tablet_->device),
                                            lifetime())
                             .value());
  const auto sent = say(*tablet_, "let me in");
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error() == Errc::not_found);
}

TEST_P(GroupDelivery, MessagesOfAFewPastEpochsAreTakenAndOfNoneBeforeARemoval) {
  fill();
  const auto encrypt = [&](Client& by) {
    return wire::SendGroupMessage{id_, 0, MessageId::make(clock_, random_), clock_.now(),
                                  by.group->encrypt(environment(), as_bytes("late")).value()};
  };
  const auto send_it = [&](const Client& by, const wire::SendGroupMessage& message) {
    return write_as([&](const GroupService& s, Transaction& tx) {
      return store_group_message(s, tx, by.device.asker, message, clock_.now());
    });
  };
  const auto early = encrypt(*desk_);
  const auto too_early = encrypt(*desk_);
  for (std::uint64_t i = 0; i < kPastEpochs; ++i) {
    commit(*laptop_, {}, {&*phone_, &*desk_});
  }
  EXPECT_TRUE(send_it(*desk_, early));
  EXPECT_TRUE(send_it(*desk_, early));  // the same again
  commit(*laptop_, {}, {&*phone_, &*desk_});
  const auto over = send_it(*desk_, too_early);
  ASSERT_FALSE(over);
  EXPECT_TRUE(over.error() == Errc::stale_group);
  commit(*laptop_, adding({&*tablet_}), {&*phone_, &*desk_}, {&*tablet_});
  const auto before_removal = encrypt(*desk_);
  commit(*laptop_, removing(*laptop_, {&*tablet_}), {&*phone_, &*desk_});
  const auto refused = send_it(*desk_, before_removal);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error() == Errc::stale_group);
  auto foreign = encrypt(*desk_);
  foreign.ciphertext = to_bytes("plain text");
  ASSERT_FALSE(send_it(*desk_, foreign));
}

// There is no way to say anything in the clear, and no switch that would make one.
TEST_P(GroupDelivery, NothingButEncryptedApplicationDataIsAMessage) {
  fill();
  const auto proposal = desk_->group
                            ->propose(environment(), {mls_public::Remove{desk_->group->self()}},
                                      mls_public::WireFormat::mls_public_message)
                            .value();
  const auto sealed_proposal =
      desk_->group
          ->propose(environment(), {mls_public::Remove{desk_->group->self()}},
                    mls_public::WireFormat::mls_private_message)
          .value();
  for (const Bytes& clear :
       {Bytes(), to_bytes("plain text"), proposal, bundle(*desk_, {}).commit, sealed_proposal,
        encode(MlsMessage{desk_->group->group_info(false).value()})}) {
    const wire::SendGroupMessage request{id_, 0, MessageId::make(clock_, random_), clock_.now(),
                                         clear};
    const auto sent = write_as([&](const GroupService& s, Transaction& tx) {
      return store_group_message(s, tx, desk_->device.asker, request, clock_.now());
    });
    ASSERT_FALSE(sent);
    EXPECT_TRUE(sent.error() == Errc::malformed) << sent.error().message();
  }
  EXPECT_EQ(log(*laptop_).head_seq, 1U);
}

TEST_P(GroupDelivery, ADeviceComesInByExternalCommitAndComesBackWhenItHasLostItsKeys) {
  commit(*laptop_, adding({&*desk_}), {}, {&*desk_});
  const auto first = external(*phone_);
  ASSERT_TRUE(send(*phone_, first));
  for (auto* one : {&*laptop_, &*desk_}) {
    ASSERT_TRUE(one->group->receive(environment(), MlsMessage::parse(first.commit).value()));
  }
  ASSERT_TRUE(say(*phone_, "here"));
  // The same device anew, in the place of its old leaf.
  const auto old = leaf_of(*laptop_, *phone_);
  const auto again = external(*phone_, old);
  const auto sent = send(*phone_, again);
  ASSERT_TRUE(sent) << sent.error().message();
  ASSERT_TRUE(desk_->group->receive(environment(), MlsMessage::parse(again.commit).value()));
  ASSERT_TRUE(say(*desk_, "welcome back"));
  expect_reads(*phone_, log(*desk_).entries.back(), "welcome back");
}

TEST_P(GroupDelivery, AProposalMustBeCoveredByTheNextCommit) {
  fill();
  const auto proposal = desk_->group
                            ->propose(environment(), {mls_public::Remove{desk_->group->self()}},
                                      mls_public::WireFormat::mls_public_message)
                            .value();
  const auto checked_before = bundle(*laptop_, {});
  const auto prepared = read([&](Transaction& tx) {
    return prepare_commit(service(), tx, laptop_->device.asker, checked_before, clock_.now());
  });
  const auto proposed = write_as([&](const GroupService& s, Transaction& tx) {
    return store_proposals(s, tx, desk_->device.asker, {id_, 0, {proposal}}, clock_.now());
  });
  ASSERT_TRUE(proposed) << proposed.error().message();
  EXPECT_EQ(proposed->entries.size(), 1U);
  const auto late = write_as([&](const GroupService& s, Transaction& tx) {
    return store_commit(s, tx, laptop_->device.asker, std::get<PreparedCommit>(*prepared),
                        checked_before, clock_.now());
  });
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error() == Errc::stale_group);
  expect_refused(*laptop_, checked_before, Errc::bad_commit);
  laptop_->group->discard_pending();
  ASSERT_TRUE(laptop_->group->receive(environment(), MlsMessage::parse(proposal).value()));
  ASSERT_TRUE(phone_->group->receive(environment(), MlsMessage::parse(proposal).value()));
  commit(*laptop_, {}, {&*phone_});
  EXPECT_EQ(log(*desk_).head_seq, 3U);  // up to the commit that removed it
}

TEST_P(GroupDelivery, WhenAllProposeToLeaveTheGroupIsClosed) {
  fill();
  const auto leave = [&](Client& by, const std::vector<const Client*>& who) {
    wire::ProposeToGroup request{id_, 0, {}};
    for (const auto* one : who) {
      request.proposals.push_back(by.group
                                      ->propose(environment(),
                                                {mls_public::Remove{leaf_of(by, *one)}},
                                                mls_public::WireFormat::mls_public_message)
                                      .value());
    }
    return write_as([&](const GroupService& s, Transaction& tx) {
      return store_proposals(s, tx, by.device.asker, request, clock_.now());
    });
  };
  const auto part = leave(*laptop_, {&*laptop_});
  ASSERT_FALSE(part);
  EXPECT_TRUE(part.error() == Errc::stale_devices);
  ASSERT_TRUE(leave(*laptop_, {&*laptop_, &*phone_}));
  EXPECT_TRUE(leave(*laptop_, {&*laptop_, &*phone_}));  // once more changes nothing
  const auto last = leave(*desk_, {&*desk_});
  ASSERT_TRUE(last) << last.error().message();
  EXPECT_EQ(last->removed.size(), 3U);
  expect_refused(*laptop_, bundle(*laptop_, {}), Errc::not_found);
  EXPECT_EQ(log(*desk_).head_seq, 4U);
}

TEST_P(GroupDelivery, ARevokedDeviceIsProposedToLeaveAndNothingIsTakenBefore) {
  fill();
  revoke(phone_->device);
  const auto blocked = say(*desk_, "too soon");
  ASSERT_FALSE(blocked);
  EXPECT_TRUE(blocked.error() == Errc::stale_group);
  const auto due =
      *read([&](Transaction& tx) { return groups_with_removals_due(tx, Timestamp(), 10); });
  ASSERT_EQ(due.size(), 1U);
  const auto proposed = propose_removals();
  ASSERT_TRUE(proposed) << proposed.error().message();
  ASSERT_EQ(proposed->entries.size(), 1U);
  EXPECT_FALSE(proposed->entries[0].sender_user_id);
  EXPECT_TRUE(propose_removals()->entries.empty());
  EXPECT_FALSE(say(*laptop_, "still too soon"));
  expect_refused(*desk_, bundle(*desk_, {}), Errc::bad_commit);
  desk_->group->discard_pending();
  for (auto* one : {&*laptop_, &*desk_}) {
    const auto taken =
        one->group->receive(environment(), MlsMessage::parse(proposed->entries[0].content).value());
    ASSERT_TRUE(taken) << taken.error().message();
  }
  commit(*desk_, {}, {&*laptop_});
  EXPECT_TRUE(say(*laptop_, "now"));
  EXPECT_TRUE(read([&](Transaction& tx) {
                return groups_with_removals_due(tx, Timestamp(), 10);
              })->empty());
}

TEST_P(GroupDelivery, WhatTheServerProposedIsProposedAgainAfterAnExternalCommit) {
  commit(*laptop_, adding({&*desk_, &*tablet_}), {}, {&*desk_, &*tablet_});
  ASSERT_TRUE(write([&](Transaction& tx) {
    return tx.execute("UPDATE users SET disabled = 1, updated_at = $2 WHERE user_id = $1", carol_,
                      clock_.now());
  }));
  ASSERT_EQ(propose_removals()->entries.size(), 1U);
  const auto coming = external(*phone_);
  const auto sent = send(*phone_, coming);
  ASSERT_TRUE(sent) << sent.error().message();
  ASSERT_EQ(sent->entries.size(), 2U);
  EXPECT_EQ(sent->entries[1].kind, wire::GroupEntryKind::proposal);
  EXPECT_EQ(sent->entries[1].epoch, 2U);
  ASSERT_TRUE(
      phone_->group->receive(environment(), MlsMessage::parse(sent->entries[1].content).value()));
  commit(*phone_, {}, {});
  EXPECT_TRUE(say(*phone_, "without Carol"));
}

TEST_P(GroupDelivery, AResetBeginsAnewAndTheOthersComeBack) {
  fill();
  const auto made =
      mls::Group::create(environment(), mls_public::kDefaultCipherSuite, mls_group_id(id_, 1),
                         identity_of(desk_->device), lifetime(), extensions());
  wire::ResetGroup request{id_,
                           0,
                           encode(MlsMessage{made->group_info(false).value()}),
                           encode(made->state().tree),
                           {alice_, bob_}};
  const auto reset = [&] {
    return write_as([&](const GroupService& s, Transaction& tx) {
      return reset_group(s, tx, desk_->device.asker, request, clock_.now());
    });
  };
  EXPECT_TRUE(reset().error() == Errc::stale_group);
  request.after_seq = 1;
  request.member_user_ids = {bob_, carol_};
  EXPECT_TRUE(reset().error() == Errc::bad_group);
  request.member_user_ids = {alice_, bob_};
  const auto done = reset();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(reset()->accepted, done->accepted);
  EXPECT_FALSE(say(*laptop_, "in the old group"));
  const auto back = external(*laptop_);
  const auto sent = send(*laptop_, back);
  ASSERT_TRUE(sent) << sent.error().message();
  ASSERT_TRUE(say(*laptop_, "in the new one"));
  EXPECT_EQ(log(*laptop_).entries[1].kind, wire::GroupEntryKind::reset);
}

TEST_P(GroupDelivery, ANewcomerFindsTheTreeOfItsWelcomeWhileTheGroupGoesOn) {
  commit(*laptop_, adding({&*phone_}), {}, {});
  commit(*laptop_, adding({&*desk_, &*tablet_}), {}, {});
  for (int i = 0; i < 3; ++i) {
    commit(*laptop_, {}, {});
  }
  join(*phone_);
  join(*desk_);
  for (const auto& entry : log(*laptop_, 2).entries) {
    ASSERT_TRUE(desk_->group->receive(environment(), MlsMessage::parse(entry.content).value()));
  }
  EXPECT_EQ(desk_->group->context().epoch, laptop_->group->context().epoch);
  // Nobody but the newcomer gets the tree of an epoch that is over.
  EXPECT_FALSE(
      read([&](Transaction& tx) { return check_tree_kept(tx, laptop_->device.asker, id_, 1); }));
  // When all Welcomes are acknowledged, what the next commits change is kept once.
  for (auto* one : {&*phone_, &*desk_, &*tablet_}) {
    ASSERT_TRUE(
        write([&](Transaction& tx) { return acknowledge_inbox(tx, one->device.asker, 1); }));
  }
  commit(*laptop_, {}, {});
  const auto rows = *read([&](Transaction& tx) {
    return tx.query(
        "SELECT COUNT(*) FROM mls_tree_nodes WHERE conversation_id = $1 AND "
        "node_index = 0",
        id_);
  });
  EXPECT_EQ(rows.front().get<int>(0), 1);
}

INSTANTIATE_TEST_SUITE_P(Databases, GroupDelivery, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
