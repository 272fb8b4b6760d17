#pragma once
// People in a group, their devices as MLS members, and the delivery service's functions on a real
// database.

#include "unhidra/pki/key_provider.h"

#include "group_changes.h"
#include "group_fixture.h"
#include "key_packages.h"

namespace unhidra::chat {

inline constexpr auto kSuite = static_cast<std::uint32_t>(mls_public::kDefaultCipherSuite);

struct Client {
  TestDevice device;
  mls::OwnKeyPackage key_package;  // with which it was, or will be, added
  std::optional<mls::Group> group{};
};

class GroupDeliveryFixture : public GroupFixture {
 protected:
  void SetUp() override;

  // A device on its user's list that has published a KeyPackage. `others` are the user's devices.
  Client client(UserId user, std::vector<const Client*> others = {});

  GroupService service() { return {provider_, *sender_, cache_, random_}; }
  template <class F>
  auto write_as(F f) {
    return write([&](storage::Transaction& tx) { return f(service(), tx); });
  }

  // A bundle as the client would send it. Nothing is confirmed.
  wire::CommitGroup bundle(Client& by, mls::CommitOptions options);
  mls::CommitOptions adding(const std::vector<Client*>& who);
  mls::CommitOptions removing(const Client& by, const std::vector<const Client*>& who);
  Result<GroupChange> send(const Client& by, const wire::CommitGroup& request);
  // Sends, lets every one of `others` follow, and the new ones join with what the server has.
  void commit(Client& by, mls::CommitOptions options, const std::vector<Client*>& others,
              const std::vector<Client*>& joining = {});
  void join(Client& who);
  wire::CommitGroup external(Client& who, std::optional<mls_public::LeafIndex> resync = {});
  // Open: whoever is in the organisation may come in.
  Result<wire::Accepted> create(Client& by, bool open = false);
  Result<GroupChange> say(Client& by, std::string_view text);
  wire::GroupLog log(const Client& who, std::uint64_t after = 0);
  wire::StaleGroup stale(const Client& who, std::uint64_t after = 0);
  mls_public::ExtensionList extensions() const;
  mls_public::LeafIndex leaf_of(const Client& by, const Client& who) const;
  Result<GroupChange> propose_removals();

  OrgId org_;
  UserId alice_, bob_, carol_;
  std::optional<Client> laptop_, phone_, desk_, tablet_;  // Alice's two, Bob's, Carol's
  ConversationId id_;
  std::optional<ExternalSender> sender_;
  GroupCache cache_;
};

}  // namespace unhidra::chat
