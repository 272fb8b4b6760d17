#include "policy/policy_handlers.h"

#include <charconv>

#include "unhidra/access/errc.h"
#include "unhidra/access/paging.h"
#include "unhidra/base/codec.h"

#include "policy/policy_changes.h"
#include "policy/policy_dry_run.h"
#include "policy/policy_keeper.h"

namespace unhidra::automation {
namespace {

namespace store = policy::store;
using access::AuditDraft;
using storage::Transaction;
using Context = access::OperationContext;

namespace body {

enum class Syntax : std::uint8_t { v0, v1 };
BOOST_DESCRIBE_ENUM(Syntax, v0, v1)

struct Module {
  std::string file;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Module, (), (file, text))

struct NewPolicy {
  std::optional<std::string> revision;
  std::optional<Syntax> syntax;
  std::vector<Module> modules;
  std::optional<boost::json::value> data;
};
BOOST_DESCRIBE_STRUCT(NewPolicy, (), (revision, syntax, modules, data))

struct PolicyVersion {
  std::int64_t version = 0;
  std::string revision;
  Timestamp created_at{};
  std::optional<Timestamp> activated_at;
  bool active = false;
};
BOOST_DESCRIBE_STRUCT(PolicyVersion, (), (version, revision, created_at, activated_at, active))

struct PolicyVersions {
  std::string source;
  std::vector<PolicyVersion> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(PolicyVersions, (), (source, items, next_cursor))

struct Policy {
  std::int64_t version = 0;
  std::string revision;
  Timestamp created_at{};
  std::optional<Timestamp> activated_at;
  bool active = false;
  Syntax syntax = Syntax::v1;
  std::vector<Module> modules;
  boost::json::value data;
};
BOOST_DESCRIBE_STRUCT(Policy, (),
                      (version, revision, created_at, activated_at, active, syntax, modules, data))

struct Change {
  std::string timestamp;
  boost::json::value input;
  bool was_allowed = false;
  bool allowed = false;
  std::string ground;
};
BOOST_DESCRIBE_STRUCT(Change, (), (timestamp, input, was_allowed, allowed, ground))

struct DryRun {
  std::uint64_t decisions = 0;
  std::uint64_t without_input = 0;
  std::uint64_t changes = 0;
  std::vector<Change> items;
};
BOOST_DESCRIBE_STRUCT(DryRun, (), (decisions, without_input, changes, items))

struct ShadowRequest {
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(ShadowRequest, (), (version))

struct Difference {
  boost::json::value input;
  std::string revision;
  bool was_allowed = false;
  bool allowed = false;
  std::string ground;
  std::uint64_t times = 0;
  Timestamp first_at{};
  Timestamp last_at{};
};
BOOST_DESCRIBE_STRUCT(Difference, (),
                      (input, revision, was_allowed, allowed, ground, times, first_at, last_at))

struct Shadow {
  std::optional<std::int64_t> version;  // nothing: none is asked now
  std::optional<Timestamp> started_at;
  std::uint64_t asked = 0;
  std::uint64_t differing = 0;
  std::vector<Difference> items;
};
BOOST_DESCRIBE_STRUCT(Shadow, (), (version, started_at, asked, differing, items))

}  // namespace body

body::PolicyVersion version_body(const store::VersionInfo& info) {
  return {.version = info.version,
          .revision = info.revision,
          .created_at = info.created_at,
          .activated_at = info.activated_at,
          .active = info.active};
}

Result<boost::json::value> json_of(const rego::Value& value) {
  return access::parse_json(rego::value_to_json(value));
}

Result<std::int64_t> named_version(const Context& context) {
  const auto text = context.path_text("version");
  std::int64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || out <= 0) {
    return fail(access::Errc::not_found, "not found");
  }
  return out;
}

// A change in one transaction with its record; then everybody who decides is told.
template <class F>
auto change(PolicyDesk& desk, Context& context, F closure)
    -> Task<std::invoke_result_t<F&, Transaction&, PolicyNotes&>> {
  const auto org = context.principal().org_id;
  auto done = co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
    PolicyNotes notes;
    auto result = closure(tx, notes);
    draft.resource_id = notes.version;
    for (auto& [name, value] : notes.metadata) {
      draft.note(std::move(name), std::move(value));
    }
    return result;
  });
  if (done) {
    tell_policy_changed(desk.bus, org);
  }
  co_return done;
}

Task<Result<body::PolicyVersions>> list_policies(PolicyDesk& desk, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  std::int64_t before = 0;
  if (!page.position.empty()) {
    ByteReader reader(page.position);
    before = static_cast<std::int64_t>(reader.u64());
    UNHIDRA_CO_TRY_VOID(reader.finish("cursor"));
  }
  const auto org = context.principal().org_id;
  UNHIDRA_CO_TRY(auto rows, co_await context.read([&](Transaction& tx) {
    return store::versions(tx, org, before, page.limit + 1);
  }));
  body::PolicyVersions out;
  out.source = to_string(desk.settings.effective_source());
  out.next_cursor = access::next_cursor(context.operation().name, page, rows, [](const auto& row) {
    ByteWriter position;
    position.u64(static_cast<std::uint64_t>(row.version));
    return std::move(position).take();
  });
  for (const auto& row : rows) {
    out.items.push_back(version_body(row));
  }
  co_return out;
}

Task<Result<body::Policy>> get_policy(PolicyDesk& /*desk*/, Context& context) {
  UNHIDRA_CO_TRY(const auto version, named_version(context));
  const auto org = context.principal().org_id;
  struct Found {
    store::VersionInfo info;
    store::StoredPolicy policy;
  };
  UNHIDRA_CO_TRY(const auto found, co_await context.read([&](Transaction& tx) -> Result<Found> {
    Found out;
    UNHIDRA_TRY(out.info, store::describe(tx, org, version));
    UNHIDRA_TRY(out.policy, store::find(tx, org, version));
    return out;
  }));
  const auto& documents = found.policy.documents;
  body::Policy out{
      .version = version,
      .revision = documents.revision,
      .created_at = found.info.created_at,
      .activated_at = found.info.activated_at,
      .active = found.info.active,
      .syntax = found.policy.syntax == rego::Syntax::v0 ? body::Syntax::v0 : body::Syntax::v1,
      .modules = {},
      .data = {}};
  for (const auto& module : documents.modules) {
    out.modules.push_back({module.file, module.text});
  }
  UNHIDRA_CO_TRY(out.data, json_of(documents.data));
  co_return out;
}

Result<store::CheckedPolicy> checked(const PolicyDesk& desk, body::NewPolicy in) {
  policy::Documents documents;
  documents.revision = std::move(in.revision).value_or("");
  for (auto& module : in.modules) {
    documents.modules.push_back({std::move(module.file), std::move(module.text)});
  }
  if (in.data) {
    UNHIDRA_TRY(documents.data, rego::value_from_json(access::serialize(*in.data)));
  }
  const bool is_v0 = in.syntax == std::optional(body::Syntax::v0);
  return check_policy(std::move(documents), is_v0 ? rego::Syntax::v0 : rego::Syntax::v1,
                      {.clock = &desk.clock, .max_time = desk.settings.compile_time});
}

Task<Result<body::PolicyVersion>> add_version(PolicyDesk& desk, Context& context,
                                              body::NewPolicy in) {
  UNHIDRA_CO_TRY(const auto policy,
                 co_await desk.pool.run([&] { return checked(desk, std::move(in)); }));
  const auto org = context.principal().org_id;
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto added,
                 co_await change(desk, context, [&](Transaction& tx, PolicyNotes& notes) {
                   return add_policy(tx, org, policy, now, notes);
                 }));
  co_return version_body(added);
}

Task<Result<body::PolicyVersion>> activate_version(PolicyDesk& desk, Context& context) {
  UNHIDRA_CO_TRY(const auto version, named_version(context));
  const auto org = context.principal().org_id;
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(auto stored, co_await context.read(
                                  [&](Transaction& tx) { return store::find(tx, org, version); }));
  UNHIDRA_CO_TRY_VOID(co_await desk.pool.run([&] {
    return expect_way_back(std::move(stored), context.request(), desk.settings, desk.clock,
                           desk.random);
  }));
  UNHIDRA_CO_TRY(
      const auto active, co_await change(desk, context, [&](Transaction& tx, PolicyNotes& notes) {
        return activate_policy(tx, org, desk.settings.effective_source(), version, now, notes);
      }));
  co_return version_body(active);
}

Task<Result<body::PolicyVersion>> roll_back(PolicyDesk& desk, Context& context) {
  const auto org = context.principal().org_id;
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto active,
                 co_await change(desk, context, [&](Transaction& tx, PolicyNotes& notes) {
                   return roll_back_policy(tx, org, desk.settings.effective_source(), now, notes);
                 }));
  co_return version_body(active);
}

Task<Result<body::DryRun>> try_version(PolicyDesk& desk, Context& context) {
  UNHIDRA_CO_TRY(const auto version, named_version(context));
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  context.audit().resource_id = std::to_string(version);
  const auto org = context.principal().org_id;
  UNHIDRA_CO_TRY(const auto found, co_await context.transact([&](Transaction& tx) {
    return store::find(tx, org, version);
  }));
  UNHIDRA_CO_TRY(const auto run, co_await desk.pool.run([&] {
    return dry_run_policy(desk.log, desk.settings, org, found, page.limit, desk.clock, desk.random);
  }));
  body::DryRun out{.decisions = run.decisions,
                   .without_input = run.without_input,
                   .changes = run.changes,
                   .items = {}};
  for (const auto& change : run.changed) {
    UNHIDRA_CO_TRY(auto input, json_of(change.input));
    out.items.push_back({.timestamp = change.timestamp,
                         .input = std::move(input),
                         .was_allowed = change.was_allowed,
                         .allowed = change.now.allowed,
                         .ground = std::string(to_string(change.now.ground))});
  }
  co_return out;
}

Task<Result<body::Shadow>> show_shadow(PolicyDesk& /*desk*/, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto org = context.principal().org_id;
  struct Found {
    std::optional<store::Shadow> shadow;
    std::vector<store::Difference> differences;
  };
  UNHIDRA_CO_TRY(const auto found, co_await context.transact([&](Transaction& tx) -> Result<Found> {
    Found out;
    UNHIDRA_TRY(out.shadow, store::shadow(tx, org));
    UNHIDRA_TRY(out.differences, store::differences(tx, org, page.limit));
    return out;
  }));
  body::Shadow out;
  if (found.shadow) {
    if (found.shadow->version != 0) {
      out.version = found.shadow->version;
    }
    out.started_at = found.shadow->started_at;
    out.asked = found.shadow->asked;
    out.differing = found.shadow->differing;
  }
  for (const auto& one : found.differences) {
    UNHIDRA_CO_TRY(auto input, json_of(one.input));
    out.items.push_back({.input = std::move(input),
                         .revision = one.revision,
                         .was_allowed = one.was_allowed,
                         .allowed = !one.was_allowed,
                         .ground = one.ground,
                         .times = one.times,
                         .first_at = one.first_at,
                         .last_at = one.last_at});
  }
  co_return out;
}

Task<Result<body::PolicyVersion>> start_shadow(PolicyDesk& desk, Context& context,
                                               body::ShadowRequest in) {
  const auto org = context.principal().org_id;
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto started,
                 co_await change(desk, context, [&](Transaction& tx, PolicyNotes& notes) {
                   return start_policy_shadow(tx, org, desk.settings.effective_source(), in.version,
                                              now, notes);
                 }));
  co_return version_body(started);
}

Task<Result<void>> end_shadow(PolicyDesk& desk, Context& context) {
  const auto org = context.principal().org_id;
  co_return co_await change(desk, context, [&](Transaction& tx, PolicyNotes& notes) {
    return end_policy_shadow(tx, org, notes);
  });
}

}  // namespace

void bind_policies(access::Handlers& handlers, PolicyDesk& desk) {
  const auto on = [&](std::string_view name, auto handler) {
    handlers.on_rest(name, [&desk, handler](Context& context) { return handler(desk, context); });
  };
  on("policies.list", list_policies);
  on("policies.get", get_policy);
  handlers.on_json<body::NewPolicy>("policies.add", [&desk](Context& context, body::NewPolicy in) {
    return add_version(desk, context, std::move(in));
  });
  on("policies.activate", activate_version);
  on("policies.roll_back", roll_back);
  on("policies.dry_run", try_version);
  on("policy_shadow.get", show_shadow);
  handlers.on_json<body::ShadowRequest>("policy_shadow.start",
                                        [&desk](Context& context, body::ShadowRequest in) {
                                          return start_shadow(desk, context, in);
                                        });
  on("policy_shadow.end", end_shadow);
}

}  // namespace unhidra::automation
