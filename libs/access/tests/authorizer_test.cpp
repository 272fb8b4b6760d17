// Who may do what: the whole matrix of operations and roles, generated from the table.

#include "unhidra/access/authorizer.h"

#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "unhidra/wire/internal.h"

namespace unhidra::access {
namespace {

constexpr Timestamp kNow = from_unix_micros(1'800'000'000'000'000);
const OrgId kOrg(Uuid{1});
const OrgId kOtherOrg(Uuid{2});

Principal user_with(RoleSet roles) {
  return make_user_principal(kOrg, UserId(Uuid{3}), DeviceId(Uuid{4}), SessionId(Uuid{5}), roles,
                             kNow + std::chrono::minutes(15));
}

// What each role may do beyond its own things, written down here a second time on purpose: the
// lowest role that has the permission.
std::optional<Role> lowest_role(std::string_view permission) {
  static const std::map<std::string_view, Role> kExpected{
      {"organizations.manage", Role::super_admin},
      {"metrics.read", Role::super_admin},
      {"organization.manage", Role::org_admin},
      {"users.manage", Role::org_admin},
      {"roles.assign", Role::org_admin},
      {"audit.read", Role::org_admin},
      {"connections.read", Role::org_admin},
      {"iot_devices.manage", Role::org_admin},
      {"policies.read", Role::org_admin},
      {"policies.manage", Role::org_admin},
      {"iot_devices.read", Role::space_admin},
      {"users.list", Role::space_admin},
      {"invitations.manage", Role::space_admin},
      {"users.look_up", Role::guest},
      {"conversations.open", Role::member},
      {"keys.publish", Role::guest},
      {"keys.fetch", Role::guest},
      {"conversations.read", Role::guest},
      {"messages.send", Role::guest},
      {"presence.use", Role::guest},
      {"channels.use", Role::guest},
      {"channels.create", Role::member},
      {"chat_policy.manage", Role::org_admin},
      {"message_versions.read", Role::org_admin}};
  const auto found = kExpected.find(permission);
  return found == kExpected.end() ? std::nullopt : std::optional(found->second);
}

TEST(Authorizer, EveryOperationForEveryRole) {
  for (const auto& operation : operations()) {
    for (const auto role : kRoles) {
      const auto evidence = authorize(user_with(RoleSet(role)), operation, {}, kNow);
      bool expected = true;
      if (operation.access == Access::permission || operation.access == Access::operators) {
        const auto lowest = lowest_role(to_string(operation.permission));
        ASSERT_TRUE(lowest.has_value()) << to_string(operation.permission);
        expected = role >= *lowest;
      }
      EXPECT_EQ(evidence.allowed, expected) << operation.name << " " << to_string(role);
      EXPECT_EQ(evidence.operation, &operation);
      if (evidence.reason == Reason::granted_by_role) {
        EXPECT_EQ(evidence.role, role);
        EXPECT_EQ(evidence.permission, operation.permission);
      }
      if (!evidence.allowed) {
        EXPECT_EQ(denial(evidence), Errc::denied);
      }
    }
  }
}

TEST(Authorizer, WithoutCredentialsOnlyOpenOperationsAreAllowed) {
  for (const auto& operation : operations()) {
    const auto evidence = authorize(Principal(), operation, {}, kNow);
    EXPECT_EQ(evidence.allowed, operation.access == Access::everyone) << operation.name;
    if (!evidence.allowed) {
      EXPECT_EQ(denial(evidence), Errc::unauthenticated) << operation.name;
    }
  }
}

TEST(Authorizer, AnExpiredTokenIsNoCredential) {
  auto principal = user_with(RoleSet(Role::super_admin));
  principal.expires_at = kNow;
  const auto evidence = authorize(principal, *find_operation("users.list"), {}, kNow);
  EXPECT_FALSE(evidence.allowed);
  EXPECT_EQ(evidence.reason, Reason::credentials_expired);
  EXPECT_EQ(denial(evidence), Errc::unauthenticated);
}

TEST(Authorizer, AUserWithoutRolesHasOnlyItsOwnThings) {
  for (const auto& operation : operations()) {
    const auto evidence = authorize(user_with({}), operation, {}, kNow);
    const bool open = operation.access == Access::everyone || operation.access == Access::self;
    EXPECT_EQ(evidence.allowed, open) << operation.name;
  }
}

TEST(Authorizer, AMachineIsNoUser) {
  const auto machine = make_iot_principal(kOrg, DeviceId(Uuid{9}));
  for (const auto& operation : operations()) {
    const auto evidence = authorize(machine, operation, {}, kNow);
    EXPECT_EQ(evidence.allowed, operation.access == Access::everyone) << operation.name;
  }
}

TEST(Authorizer, ThingsOfAnotherOrganisationDoNotExist) {
  const Resource foreign{.org_id = kOtherOrg};
  const auto& operation = *find_operation("users.get");
  const auto evidence = authorize(user_with(RoleSet(Role::org_admin)), operation, foreign, kNow);
  EXPECT_FALSE(evidence.allowed);
  EXPECT_EQ(denial(evidence), Errc::not_found);
  EXPECT_TRUE(authorize(user_with(RoleSet(Role::super_admin)), operation, foreign, kNow).allowed);
}

TEST(Authorizer, OperatorsNeedThePermissionUnlessTheySitAtTheMachine) {
  const auto& metrics = *find_operation("system.metrics");
  EXPECT_TRUE(authorize(Principal(), metrics, {.from_loopback = true}, kNow).allowed);
  EXPECT_FALSE(authorize(Principal(), metrics, {}, kNow).allowed);
  EXPECT_FALSE(authorize(user_with(RoleSet(Role::org_admin)), metrics, {}, kNow).allowed);
  // Sitting at the machine opens nothing else.
  EXPECT_FALSE(
      authorize(Principal(), *find_operation("users.list"), {.from_loopback = true}, kNow).allowed);
}

TEST(Authorizer, NobodyGivesARoleAboveTheOwn) {
  for (const auto own : kRoles) {
    for (const auto given : kRoles) {
      const bool expected = own >= Role::org_admin && given <= own;
      EXPECT_EQ(may_assign(user_with(RoleSet(own)), given), expected)
          << to_string(own) << " gives " << to_string(given);
      EXPECT_EQ(may_manage(user_with(RoleSet(own)), RoleSet(given)), given <= own);
    }
  }
}

TEST(Authorizer, APermissionThatNoRoleGaveIsNotEnough) {
  auto principal = user_with(RoleSet(Role::guest));
  principal.permissions = permissions_of(Role::super_admin);  // a forged set
  EXPECT_FALSE(authorize(principal, *find_operation("audit.list"), {}, kNow).allowed);
}

TEST(Roles, NamesAndBitsAreStable) {
  EXPECT_EQ(to_string(Role::super_admin), "super_admin");
  for (const auto role : kRoles) {
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_FALSE(parse_role("Super_Admin"));
  EXPECT_FALSE(parse_role(""));
  EXPECT_EQ(RoleSet(Role::guest, Role::org_admin).bits(), 0b01001U);
  EXPECT_FALSE(RoleSet::from_bits(1U << 5));
  for (const auto& row : kPermissionNames) {
    EXPECT_EQ(parse_permission(row.name), row.permission);
  }
}

TEST(Principals, TravelThroughTheBusWithTheirPermissionsComputedAnew) {
  const auto sent = user_with(RoleSet(Role::member));
  auto routed = to_wire(sent);
  routed.permissions = ~0ULL;
  const auto received = from_wire(routed);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->user_id, sent.user_id);
  EXPECT_EQ(received->device_id, sent.device_id);
  EXPECT_EQ(received->expires_at, sent.expires_at);
  EXPECT_EQ(received->permissions, permissions_of(Role::member));
  routed.roles = 1U << 20;
  EXPECT_EQ(from_wire(routed).error(), Errc::bad_principal);
  routed.roles = 1;
  routed.kind = 3;
  EXPECT_EQ(from_wire(routed).error(), Errc::bad_principal);
}

}  // namespace
}  // namespace unhidra::access
