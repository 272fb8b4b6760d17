#include "policy/policy_keeper.h"

#include <array>

#include "unhidra/audit/chain.h"
#include "unhidra/automation/errc.h"
#include "unhidra/policy/bundle.h"
#include "unhidra/runtime/log.h"

#include "broker/topic_policy.h"

namespace unhidra::automation {
namespace {

namespace store = policy::store;
using storage::Transaction;

constexpr std::chrono::seconds kRound{1};

// The version's number, then what its author calls it.
policy::Documents named(store::StoredPolicy stored) {
  auto out = std::move(stored.documents);
  const auto number = std::to_string(stored.version);
  out.revision = out.revision.empty() ? number : number + " " + out.revision;
  return out;
}

bool is_http(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

}  // namespace

void tell_policy_changed(messaging::Bus& bus, const OrgId& org) {
  if (const auto told = bus.publish(kPolicyChangedSubject, to_bytes(ByteView(org.bytes())));
      !told) {
    log::warn("policy.change_unpublished", {{"error", told.error()}});
  }
}

PolicyKeeper::PolicyKeeper(PolicyKeeperDependencies dependencies, const PolicySettings& settings)
    : deps_(std::move(dependencies)),
      settings_(settings),
      source_(settings.effective_source()),
      pool_({.name = "policy", .threads = 1, .max_queue = 64}) {
  for_each_book([&](PolicyBook& book) { book.limit_compiling(settings_.compile_time); });
}

// ---- For all -----------------------------------------------------------------------------------

Result<policy::Documents> PolicyKeeper::common_documents() const {
  if (source_ == PolicySource::bundle) {
    policy::BundleTrust trust;
    if (!settings_.bundle_keys.empty()) {
      UNHIDRA_TRY(trust, policy::read_bundle_keys(settings_.bundle_keys));
    }
    return policy::load_bundle(settings_.path, trust);
  }
  if (source_ == PolicySource::folder && !settings_.path.empty()) {
    const std::array<std::string, 1> paths{settings_.path.string()};
    return policy::load_paths(paths);
  }
  return built_in_policy();
}

void PolicyKeeper::for_each_book(const std::function<void(PolicyBook&)>& visit) {
  visit(deps_.operations);
  if (deps_.topics != nullptr) {
    visit(*deps_.topics);
  }
}

Status PolicyKeeper::use_common(const policy::Documents& documents, rego::Syntax syntax) {
  UNHIDRA_TRY(const bool of_operations, deps_.operations.use(documents, syntax));
  bool of_topics = false;
  if (deps_.topics != nullptr) {
    UNHIDRA_TRY(of_topics, deps_.topics->use(documents, syntax));
    if (!of_topics && !of_operations) {
      return fail(policy::Errc::silent, "the policy has neither " + deps_.topics->query() +
                                            " nor " + deps_.operations.query());
    }
    if (!of_topics) {
      UNHIDRA_TRY_VOID(deps_.topics->use(built_in_policy(), rego::Syntax::v1));
    }
  }
  if (!of_operations) {
    deps_.operations.drop();
  }
  return {};
}

Status PolicyKeeper::load_common() {
  if (source_ == PolicySource::remote) {
    for_each_book([](PolicyBook& book) { book.forget(); });
    if (!is_http(settings_.url)) {
      return fail(Errc::bad_policy, "automation.policy_url is no http or https address");
    }
    const auto& operations = settings_.operations_url;
    return operations.empty() || is_http(operations)
               ? Status()
               : fail(Errc::bad_policy,
                      "automation.policy_operations_url is no http or https address");
  }
  if (source_ == PolicySource::bundle) {
    bundle_stamp_ = policy::file_stamp(settings_.path);
  }
  const bool own = (source_ == PolicySource::folder && !settings_.path.empty()) ||
                   source_ == PolicySource::bundle;
  auto documents = common_documents();
  auto status = documents ? use_common(*documents, own ? settings_.syntax : rego::Syntax::v1)
                          : Status(std::unexpect, documents.error());
  note_common(status, status ? policy::revision_of(*documents) : std::string());
  return status ? Status()
                : fail(Errc::bad_policy, "automation.policy: " + status.error().message());
}

// The installation's own chain has which policy decided when. What people do with an organisation's
// versions is recorded where they do it.
void PolicyKeeper::note_common(const Status& loaded, std::string revision) {
  if (loaded) {
    const bool decides = deps_.topics != nullptr || !deps_.operations.revision().empty();
    deps_.trail.loaded();
    deps_.trail.set_revision("", decides ? revision : "");
    if (!decides || revision == common_revision_) {
      return;
    }
    common_revision_ = revision;
  } else {
    deps_.trail.load_failed();
    log::error("policy.load_failed", {{"source", to_string(source_)},
                                      {"error", loaded.error()},
                                      {"message", loaded.error().message()}});
  }
  audit::AuditEvent event;
  event.event_id = EventId::make(deps_.clock, deps_.random);
  event.event_type = "policy.loaded";
  event.actor_type = "system";
  event.resource_type = "policy";
  event.resource_id = loaded ? revision : std::string(to_string(source_));
  event.action = "update";
  event.outcome = loaded ? audit::Outcome::success : audit::Outcome::failure;
  event.timestamp = deps_.clock.now();
  event.metadata.emplace_back("source", std::string(to_string(source_)));
  if (!loaded) {
    event.metadata.emplace_back("reason", std::string(loaded.error().code().name));
  }
  const auto written = deps_.database.write_sync(
      [&event](Transaction& tx) -> Status {
        UNHIDRA_TRY_VOID(audit::append(tx, event));
        return {};
      },
      storage::LaneKey(event.org_id));
  if (!written) {
    log::error("policy.audit_failed", {{"error", written.error()}});
  }
}

// ---- For one organisation ----------------------------------------------------------------------

// What it does not speak of, that for all decides.
Status PolicyKeeper::use(PolicyBook& book, const OrgId& org, const policy::Documents& documents,
                         rego::Syntax syntax) {
  UNHIDRA_TRY(const bool speaks, book.use(org, documents, syntax));
  if (!speaks) {
    book.drop(org);
  }
  return {};
}

Status PolicyKeeper::load_active(const OrgId& org, Stored stored) {
  const auto name = org.to_string();
  if (!stored) {
    for_each_book([&](PolicyBook& book) { book.close(org); });
    deps_.trail.load_failed();
    return fail(std::move(stored).error());
  }
  if (!*stored) {
    for_each_book([&](PolicyBook& book) { book.drop(org); });
    deps_.trail.set_revision(name, "");
    return {};
  }
  const auto syntax = (*stored)->syntax;
  const auto documents = named(**std::move(stored));
  Status status;
  for_each_book([&](PolicyBook& book) {
    if (auto used = use(book, org, documents, syntax); !used) {
      status = std::move(used);
    }
  });
  if (status) {
    deps_.trail.loaded();
    deps_.trail.set_revision(name, policy::revision_of(documents));
  } else {
    deps_.trail.load_failed();
  }
  return status;
}

Status PolicyKeeper::load_shadow(const OrgId& org, Stored stored, Known& known) {
  known.shadow = 0;
  known.shadow_revision.clear();
  if (!stored || !*stored) {
    for_each_book([&](PolicyBook& book) { book.end_shadow(org); });
    return stored ? Status() : Status(std::unexpect, std::move(stored).error());
  }
  const auto version = (*stored)->version;
  const auto syntax = (*stored)->syntax;
  const auto documents = named(**std::move(stored));
  bool asked = true;
  for_each_book(
      [&](PolicyBook& book) { asked = book.shadow(org, documents, syntax).has_value() && asked; });
  if (asked) {
    known.shadow = version;
    known.shadow_revision = policy::revision_of(documents);
  } else {
    deps_.trail.load_failed();
  }
  return {};
}

Status PolicyKeeper::load_organization(const OrgId& org, const store::Stamp& stamp) {
  struct Found {
    Stored active;
    Stored shadow;
  };
  UNHIDRA_TRY(auto found, deps_.database.read_sync([&](Transaction& tx) -> Result<Found> {
    Found out;
    if (source_ == PolicySource::database) {
      out.active = store::active(tx, org);
    }
    UNHIDRA_TRY(const auto beside, store::shadow(tx, org));
    if (beside && beside->version != 0) {
      auto stored = store::find(tx, org, beside->version);
      out.shadow = stored ? Stored(*std::move(stored)) : Stored(std::unexpect, stored.error());
    }
    // What is damaged is known; what the database did not answer is asked for again.
    for (const auto* each : {&out.active, &out.shadow}) {
      if (!*each && each->error() != policy::Errc::bad_file) {
        return fail(each->error());
      }
    }
    return out;
  }));
  auto& known = known_[org];
  Status status;
  if (source_ == PolicySource::database && known.stamp.activation != stamp.activation) {
    status = load_active(org, std::move(found.active));
  }
  if (known.stamp.shadow != stamp.shadow) {
    if (auto loaded = load_shadow(org, std::move(found.shadow), known); !loaded) {
      status = std::move(loaded);
    }
  }
  known.stamp = stamp;
  return status;
}

// Whether something changed. One organisation's trouble is not the others'.
Result<bool> PolicyKeeper::refresh_organizations() {
  UNHIDRA_TRY(const auto stamps,
              deps_.database.read_sync([](Transaction& tx) { return store::stamps(tx); }));
  bool changed = false;
  for (const auto& [org, stamp] : stamps) {
    const auto known = known_.find(org);
    if (known != known_.end() && known->second.stamp == stamp) {
      continue;
    }
    changed = true;
    if (const auto loaded = load_organization(org, stamp); !loaded) {
      log::error("policy.load_failed", {{"source", to_string(source_)},
                                        {"error", loaded.error()},
                                        {"message", loaded.error().message()}});
    }
  }
  return changed;
}

// ---- Following ---------------------------------------------------------------------------------

Status PolicyKeeper::load() {
  const std::lock_guard lock(loading_);
  UNHIDRA_TRY_VOID(load_common());
  known_.clear();
  UNHIDRA_TRY_VOID(refresh_organizations());
  return {};
}

Status PolicyKeeper::refresh_bundle() {
  const auto now = deps_.clock.steady_now();
  if (source_ != PolicySource::bundle || now - bundle_looked_at_ < settings_.bundle_check) {
    return {};
  }
  bundle_looked_at_ = now;
  if (policy::file_stamp(settings_.path) == bundle_stamp_) {
    return {};
  }
  UNHIDRA_TRY_VOID(load_common());
  deps_.changed();
  return {};
}

Status PolicyKeeper::refresh() {
  const std::lock_guard lock(loading_);
  static_cast<void>(refresh_bundle());  // told where it fails; looked at again when files change
  UNHIDRA_TRY(const bool changed, refresh_organizations());
  if (changed) {
    deps_.changed();
  }
  return write_findings();
}

Status PolicyKeeper::write_findings() {
  for (auto& [name, findings] : deps_.trail.take_findings()) {
    const auto org = OrgId::parse(name);
    const auto known = org ? known_.find(*org) : known_.end();
    if (known == known_.end() || known->second.shadow_revision != findings.revision) {
      continue;  // of a shadow that has ended
    }
    for (const auto& one : findings.differences) {
      log::info("policy.shadow_differs", {{"revision", one.revision},
                                          {"shadow", findings.revision},
                                          {"was_allowed", one.was_allowed},
                                          {"times", one.times}});
    }
    UNHIDRA_TRY_VOID(deps_.database.write_sync(
        [&, version = known->second.shadow](Transaction& tx) {
          return store::note_differences(tx, *org, version, findings.asked, findings.differences);
        },
        storage::LaneKey(*org)));
  }
  return {};
}

Status PolicyKeeper::start() {
  UNHIDRA_TRY(subscription_, deps_.bus.subscribe(kPolicyChangedSubject, deps_.scope.executor(),
                                                 [this](const messaging::Message&) {
                                                   deps_.scope.spawn("policy.look", look());
                                                 }));
  deps_.scope.spawn("policy.follow", follow());
  return {};
}

Task<void> PolicyKeeper::follow() {
  for (;;) {
    co_await runtime::sleep_for(kRound);
    co_await look();
  }
}

// However many changes are told of meanwhile, one more look sees them all.
Task<void> PolicyKeeper::look() {
  look_again_ = true;
  if (looking_) {
    co_return;
  }
  looking_ = true;
  while (std::exchange(look_again_, false)) {
    const auto done = co_await pool_.run([this] { return refresh(); });
    if (!done && !troubled_) {
      log::warn("policy.cannot_follow", {{"error", done.error()}});
    }
    troubled_ = !done;
  }
  looking_ = false;
}

Task<void> PolicyKeeper::stop() {
  subscription_.reset();
  const auto written = co_await pool_.run([this] { return write_findings(); });
  if (!written) {
    log::warn("policy.findings_lost", {{"error", written.error()}});
  }
  pool_.stop();
}

}  // namespace unhidra::automation
