#include "devices/registry_handlers.h"

#include "unhidra/access/paging.h"
#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"

#include "devices/registry.h"

namespace unhidra::automation {

// Requests are read into these as they are.
BOOST_DESCRIBE_STRUCT(DeviceChanges, (),
                      (name, platform, type, owner_id, groups, labels, encrypted))
BOOST_DESCRIBE_STRUCT(TwinContent, (), (document, ciphertext, if_version))

namespace {

using access::AuditDraft;
using storage::Transaction;
using Context = access::OperationContext;

namespace body {

struct Certificate {
  std::string serial_number;
  Timestamp not_after;
};
BOOST_DESCRIBE_STRUCT(Certificate, (), (serial_number, not_after))

struct IotDevice {
  DeviceId device_id;
  std::string name;
  std::string platform;
  std::string type;
  std::optional<UserId> owner_id;
  std::vector<std::string> groups;
  std::map<std::string, std::string> labels;
  bool encrypted = false;
  std::string firmware;
  Timestamp created_at{};
  std::optional<Timestamp> last_seen_at;
  std::optional<Timestamp> revoked_at;
  std::optional<Certificate> certificate;
  std::optional<std::int64_t> queued_messages;
};
BOOST_DESCRIBE_STRUCT(IotDevice, (),
                      (device_id, name, platform, type, owner_id, groups, labels, encrypted,
                       firmware, created_at, last_seen_at, revoked_at, certificate,
                       queued_messages))

struct IotDevices {
  std::vector<IotDevice> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(IotDevices, (), (items, next_cursor))

struct TwinSide {
  std::int64_t version = 0;
  std::optional<Timestamp> updated_at;
  std::optional<boost::json::value> document;
  std::optional<Bytes> ciphertext;
};
BOOST_DESCRIBE_STRUCT(TwinSide, (), (version, updated_at, document, ciphertext))

struct Twin {
  bool encrypted = false;
  TwinSide desired;
  TwinSide reported;
};
BOOST_DESCRIBE_STRUCT(Twin, (), (encrypted, desired, reported))

struct Report {
  std::optional<boost::json::value> document;
  std::optional<Bytes> ciphertext;
  std::optional<std::int64_t> if_version;
  std::optional<std::string> firmware;
};
BOOST_DESCRIBE_STRUCT(Report, (), (document, ciphertext, if_version, firmware))

}  // namespace body

body::IotDevice device_body(const store::RegisteredDevice& device) {
  std::optional<body::Certificate> certificate;
  if (device.serial_number && !device.revoked_at) {
    certificate = {to_hex(*device.serial_number),
                   device.certificate_expires_at.value_or(Timestamp())};
  }
  return {.device_id = device.id,
          .name = device.name,
          .platform = device.platform,
          .type = device.type,
          .owner_id = device.owner,
          .groups = device.groups,
          .labels = device.labels,
          .encrypted = device.encrypted,
          .firmware = device.firmware,
          .created_at = device.created_at,
          .last_seen_at = device.last_seen_at,
          .revoked_at = device.revoked_at,
          .certificate = std::move(certificate),
          .queued_messages = std::nullopt};
}

Result<body::TwinSide> side_body(const store::TwinSide& side, bool encrypted) {
  body::TwinSide out{.version = side.version,
                     .updated_at = side.updated_at,
                     .document = std::nullopt,
                     .ciphertext = std::nullopt};
  if (side.content && encrypted) {
    out.ciphertext = side.content;
  } else if (side.content) {
    UNHIDRA_TRY(out.document, access::parse_json(as_text(*side.content)));
  }
  return out;
}

Result<body::Twin> twin_body(const store::Twin& twin) {
  UNHIDRA_TRY(auto desired, side_body(twin.desired, twin.encrypted));
  UNHIDRA_TRY(auto reported, side_body(twin.reported, twin.encrypted));
  return body::Twin{twin.encrypted, std::move(desired), std::move(reported)};
}

struct Shared {
  const Enrolment& enrolment;
  messaging::Bus& bus;
  QueueDepth queue_depth;

  void tell(const std::vector<EndedCertificate>& ended) const {
    for (const auto& each : ended) {
      tell_revoked(bus, each);
    }
  }
};

pki::DeviceIdentity named(const Context& context) {
  return {context.principal().org_id, context.path_id<DeviceId>("device_id")};
}

// ---- for people ----

// `label` is written name=value.
Result<store::DeviceFilter> filter_of(const Context& context) {
  store::DeviceFilter out;
  out.type = context.query("type").value_or("");
  out.group = context.query("group").value_or("");
  if (const auto label = context.query("label")) {
    const auto equals = label->find('=');
    if (equals == label->npos) {
      return fail(Errc::bad_request, "a label is asked for as name=value");
    }
    out.label.emplace(label->substr(0, equals), label->substr(equals + 1));
  }
  return out;
}

Task<Result<body::IotDevices>> list_devices(Shared /*shared*/, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  UNHIDRA_CO_TRY(const auto filter, filter_of(context));
  DeviceId after;
  if (!page.position.empty()) {
    UNHIDRA_CO_TRY(after, DeviceId::from_bytes(page.position));
  }
  const auto org = context.principal().org_id;
  UNHIDRA_CO_TRY(auto rows, co_await context.read([&](Transaction& tx) {
    return store::list_registered(tx, org, filter, after, page.limit + 1);
  }));
  body::IotDevices out;
  out.next_cursor = access::next_cursor(context.operation().name, page, rows,
                                        [](const auto& row) { return row.id.bytes(); });
  for (const auto& row : rows) {
    out.items.push_back(device_body(row));
  }
  co_return out;
}

Task<Result<body::IotDevice>> get_device(Shared shared, Context& context) {
  const auto who = named(context);
  UNHIDRA_CO_TRY(const auto found, co_await context.read([&](Transaction& tx) {
    return find_device(tx, who.org, who.device);
  }));
  auto out = device_body(found);
  if (const auto depth = co_await shared.queue_depth(who.org, who.device)) {
    out.queued_messages = static_cast<std::int64_t>(*depth);
  }
  co_return out;
}

Task<Result<body::IotDevice>> update_device(Shared shared, Context& context,
                                            DeviceChanges changes) {
  const auto who = named(context);
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto changed,
                 co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
                   return change_device(tx, who.org, who.device, changes, now, draft);
                 }));
  tell_changed(shared.bus, who);
  co_return device_body(changed);
}

Task<Result<void>> remove_device(Shared shared, Context& context) {
  const auto who = named(context);
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(
      const auto ended,
      co_await context.transact(
          [&](Transaction& tx, AuditDraft& draft) -> Result<std::vector<EndedCertificate>> {
            UNHIDRA_TRY(const auto device, find_device(tx, who.org, who.device));
            draft.note("name", device.name);
            return delete_device(tx, who, now);
          }));
  shared.tell(ended);
  tell_deleted(shared.bus, who);
  co_return Result<void>();
}

Task<Result<body::Twin>> get_twin(Shared /*shared*/, Context& context) {
  const auto who = named(context);
  UNHIDRA_CO_TRY(const auto twin, co_await context.read([&](Transaction& tx) {
    return find_twin(tx, who.org, who.device);
  }));
  co_return twin_body(twin);
}

Task<Result<body::Twin>> want_twin(Shared shared, Context& context, TwinContent content) {
  const auto who = named(context);
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto twin,
                 co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
                   return want(tx, who.org, who.device, content, now, draft);
                 }));
  tell_wanted(shared.bus, who);
  co_return twin_body(twin);
}

// ---- for the device itself ----

struct OwnTwin {
  store::Twin twin;
  std::vector<EndedCertificate> ended;
};

Task<Result<body::Twin>> own_twin(Shared shared, Context& context) {
  UNHIDRA_CO_TRY(
      const auto own,
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<OwnTwin> {
        UNHIDRA_TRY(auto seen,
                    identify_by_certificate(tx, shared.enrolment, context.request(), draft));
        UNHIDRA_TRY(auto twin, store::find_twin(tx, seen.identity.org, seen.identity.device));
        return OwnTwin{std::move(twin), std::move(seen.ended)};
      }));
  shared.tell(own.ended);
  co_return twin_body(own.twin);
}

Task<Result<body::Twin>> report_twin(Shared shared, Context& context, body::Report in) {
  const Report what{.content = {.document = std::move(in.document),
                                .ciphertext = std::move(in.ciphertext),
                                .if_version = in.if_version},
                    .firmware = std::move(in.firmware)};
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(
      const auto own,
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<OwnTwin> {
        UNHIDRA_TRY(auto seen,
                    identify_by_certificate(tx, shared.enrolment, context.request(), draft));
        UNHIDRA_TRY(auto twin, report(tx, seen.identity, what, now, draft));
        return OwnTwin{std::move(twin), std::move(seen.ended)};
      }));
  shared.tell(own.ended);
  co_return twin_body(own.twin);
}

}  // namespace

void bind_registry(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus,
                   QueueDepth queue_depth) {
  const Shared shared{enrolment, bus, std::move(queue_depth)};
  const auto on = [&](std::string_view name, auto handler) {
    handlers.on_rest(name,
                     [shared, handler](Context& context) { return handler(shared, context); });
  };
  const auto on_json = [&]<class In>(std::string_view name, std::type_identity<In>, auto handler) {
    handlers.on_json<In>(name, [shared, handler](Context& context, In in) {
      return handler(shared, context, std::move(in));
    });
  };
  on("iot_devices.list", list_devices);
  on("iot_devices.get", get_device);
  on_json("iot_devices.update", std::type_identity<DeviceChanges>(), update_device);
  on("iot_devices.delete", remove_device);
  on("device_twins.get", get_twin);
  on_json("device_twins.want", std::type_identity<TwinContent>(), want_twin);
  on("own_twin.get", own_twin);
  on_json("own_twin.report", std::type_identity<body::Report>(), report_twin);
}

}  // namespace unhidra::automation
