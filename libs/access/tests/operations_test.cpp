// The table itself.

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "unhidra/access/operation.h"
#include "unhidra/wire/frames.h"

namespace unhidra::access {
namespace {

TEST(Operations, NamesRoutesAndFramesAreUnique) {
  std::set<std::string_view> names;
  std::set<std::pair<std::string_view, std::string_view>> routes;
  std::set<std::uint32_t> frames;
  for (const auto& operation : operations()) {
    EXPECT_TRUE(names.insert(operation.name).second) << operation.name;
    EXPECT_EQ(find_operation(operation.name), &operation);
    if (operation.face == Face::frame) {
      EXPECT_TRUE(frames.insert(operation.frame).second) << operation.name;
      EXPECT_EQ(find_frame(operation.frame), &operation);
    } else {
      EXPECT_TRUE(routes.emplace(operation.method, operation.path).second) << operation.name;
      EXPECT_TRUE(operation.path.starts_with('/')) << operation.name;
    }
  }
}

TEST(Operations, EveryRequestOfTheProtocolIsAnOperation) {
  for (const auto& choice : wire::ClientFrame::bodies().choices) {
    EXPECT_NE(find_frame(choice.number), nullptr) << choice.name;
  }
  for (const std::uint32_t unknown : {0U, 1U, 9U, 68U, 127U, 128U, 999U, 4'000'000'000U}) {
    EXPECT_EQ(find_frame(unknown), nullptr);
  }
}

TEST(Operations, WhatChangesSomethingIsAuditedAndLimited) {
  for (const auto& operation : operations()) {
    if (operation.mutates) {
      EXPECT_EQ(operation.audit, AuditPolicy::always) << operation.name;
      EXPECT_NE(operation.limit, LimitClass::none) << operation.name;
      EXPECT_NE(operation.method, "GET") << operation.name;
    }
    const bool audited = operation.audit == AuditPolicy::always;
    EXPECT_EQ(audited, !operation.event_type.empty()) << operation.name;
    EXPECT_EQ(audited, !operation.action.empty()) << operation.name;
    EXPECT_EQ(audited, !operation.resource_type.empty()) << operation.name;
    // Questions that are posted because of their size (RFC 6960 appendix A.1) or protection.
    const bool asks = operation.name == "certificate_status.ocsp" || operation.name == "cmp.ask";
    if (operation.face == Face::rest && operation.method != "GET" && !asks) {
      EXPECT_TRUE(operation.mutates) << operation.name;
    }
  }
}

TEST(Operations, EventTypesTellOperationsApart) {
  std::set<std::string_view> types;
  for (const auto& operation : operations()) {
    if (!operation.event_type.empty()) {
      EXPECT_TRUE(types.insert(operation.event_type).second) << operation.event_type;
    }
  }
}

TEST(Operations, OnlyTheseAreOpenToEveryone) {
  std::set<std::string_view> open;
  for (const auto& operation : operations()) {
    if (operation.access == Access::everyone) {
      open.insert(operation.name);
    }
  }
  const std::set<std::string_view> expected{"setup.status",
                                            "setup.complete",
                                            "auth.register",
                                            "auth.login",
                                            "auth.refresh",
                                            "auth.jwks",
                                            "system.health",
                                            "system.ready",
                                            "system.openapi",
                                            "est.ca_certificates",
                                            "est.csr_attributes",
                                            "est.enroll",
                                            "est.enroll_with_key",
                                            "est.reenroll",
                                            "cmp.enroll",
                                            "cmp.renew",
                                            "cmp.poll",
                                            "cmp.confirm",
                                            "cmp.revoke",
                                            "cmp.ask",
                                            "certificate_status.crl",
                                            "certificate_status.crl_of",
                                            "certificate_status.ocsp",
                                            "certificate_status.ocsp_get",
                                            "own_twin.get",
                                            "own_twin.report",
                                            "files.download_by_link"};
  EXPECT_EQ(open, expected);
}

TEST(Operations, FramesFitTheirBodiesAndRoutesTheirMethods) {
  for (const auto& operation : operations()) {
    if (operation.face == Face::frame) {
      EXPECT_GT(operation.body_limit, 0U) << operation.name;
      EXPECT_NE(operation.serving, Serving::auth) << operation.name;
    } else if (operation.method == "GET" || operation.method == "DELETE") {
      EXPECT_EQ(operation.body_limit, 0U) << operation.name;
    }
  }
  // A bundle request for every device, a message for 64 devices with 8 KiB each.
  EXPECT_GE(find_operation("messages.send")->body_limit, 64U * 8 * 1024);
}

TEST(Operations, TheDocumentIsEmbeddedWhole) {
  EXPECT_TRUE(openapi_document().starts_with("# The REST face of Unhidra."));
  EXPECT_NE(openapi_document().find("openapi: 3.1.0"), std::string_view::npos);
  EXPECT_TRUE(openapi_document().ends_with("\n"));
  for (const auto& operation : operations()) {
    if (operation.face == Face::rest) {
      const auto line = "operationId: " + std::string(operation.name) + "\n";
      EXPECT_NE(openapi_document().find(line), std::string_view::npos) << operation.name;
    }
  }
}

}  // namespace
}  // namespace unhidra::access
