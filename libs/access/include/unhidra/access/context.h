#pragma once
// What a handler gets and gives.

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/access/authorizer.h"
#include "unhidra/audit/event.h"
#include "unhidra/base/random.h"
#include "unhidra/net/http.h"
#include "unhidra/storage/database.h"

namespace unhidra::access {

// Where the request came from.
struct Peer {
  std::string ip;  // numeric
  std::string user_agent;
  bool loopback = false;
};

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// A request on its way to its handler.
struct OperationRequest {
  Principal principal;
  Peer peer;
  std::string request_id;
  Bytes body;
  // REST
  NamedValues path_parameters;  // checked: ids are UUIDs, roles exist
  NamedValues query;
  std::string idempotency_key;
  std::string range;          // the header of a GET as it came
  std::string authorization;  // the header as it came, for operations that everyone may ask for
  std::shared_ptr<const net::TlsPeer> tls_peer;  // null: the listener asks for no certificate
  // What is wrong with the request itself. It is told only to who may perform the operation, and
  // recorded as its failure.
  std::optional<Error> defect;
  // frames
  std::optional<ConnectionId> connection_id;
};

struct Reply {
  int status = 200;          // REST
  std::string content_type;  // REST; empty: no body
  NamedValues headers;       // REST
  std::uint32_t field = 0;   // frames: the field of ServerFrame
  Bytes body;
  std::shared_ptr<net::BodySource> source{};  // REST: instead of `body`, read as the peer takes it
  // What the answer tells in the words of its own protocol, which has no use for HTTP's: recorded
  // and counted as this failure.
  std::optional<Error> failure = std::nullopt;
};

// What the audit record will say beside operation, principal and peer. Never a secret.
struct AuditDraft {
  OrgId org_id;    // whose chain: the principal's organisation unless the handler knows better
  Bytes actor_id;  // likewise the principal
  std::string actor_type;
  std::string resource_id;                                    // default: the last id in the path
  std::vector<std::pair<std::string, std::string>> metadata;  // "before.disabled", "after.disabled"
  void note(std::string key, std::string value) {
    metadata.emplace_back(std::move(key), std::move(value));
  }
  void set_actor(UserId user);
  void set_actor(DeviceId device);
};

namespace detail {
template <class F>
struct TransactResult {
  using Type = std::invoke_result_t<F&, storage::Transaction&>;
};
template <class F>
  requires std::invocable<F&, storage::Transaction&, AuditDraft&>
struct TransactResult<F> {
  using Type = std::invoke_result_t<F&, storage::Transaction&, AuditDraft&>;
};
}  // namespace detail
template <class F>
using TransactResult = typename detail::TransactResult<F>::Type;

class OperationRunner;

// One operation under way. Lives until its handler has ended; used by one coroutine.
class OperationContext {
 public:
  const Operation& operation() const { return operation_; }
  const OperationRequest& request() const { return request_; }
  const Principal& principal() const { return request_.principal; }
  const Evidence& evidence() const { return evidence_; }
  const Peer& peer() const { return request_.peer; }
  const Clock& clock() const;
  RandomSource& random() const;

  // ---- reading the request ----
  template <class IdType>
  IdType path_id(std::string_view name) const {
    return *IdType::parse(path_text(name));  // checked by the router
  }
  std::string_view path_text(std::string_view name) const;
  std::optional<std::string_view> query(std::string_view name) const;

  // ---- data ----
  // The one way to change data: F runs in a write transaction, in which the success event is
  // appended too. F is `Result<T>(Transaction&)` or `Result<T>(Transaction&, AuditDraft&)`; it may
  // run again, each time with a fresh copy of audit(). At most one transact() of an operation may
  // succeed; a second one is a bug and answers Errc::internal.
  template <class F>
  auto transact(F closure) -> Task<TransactResult<F>> {
    using Returned = TransactResult<F>;
    if (recorded_) {
      co_return fail(Errc::internal, "the operation was recorded already");
    }
    auto recorded = [this, &closure](storage::Transaction& tx) -> Returned {
      AuditDraft draft = draft_;
      auto result = [&]() -> Returned {
        if constexpr (std::invocable<F&, storage::Transaction&, AuditDraft&>) {
          return closure(tx, draft);
        } else {
          return closure(tx);
        }
      }();
      if (result) {
        if (auto status = record_success(tx, draft); !status) {
          return fail(std::move(status).error());
        }
      }
      return result;
    };
    auto result = co_await database().write(std::move(recorded), lane());
    note_outcome(result ? nullptr : &result.error());
    co_return result;
  }
  // A read transaction; says nothing to the audit log.
  template <class F>
  auto read(F closure) {
    return database().read(std::move(closure));
  }

  // What the record of this operation says, however it ends.
  AuditDraft& audit() { return draft_; }

  // For limits that depend on what the handler has read: taken for `target` alone.
  Task<Status> limit(LimitClass limit, ByteView target);

 private:
  friend class OperationRunner;
  OperationContext(OperationRunner& runner, const Operation& operation, OperationRequest request,
                   Evidence evidence);

  storage::Database& database() const;
  // Claims the idempotency key and appends the success event.
  Status record_success(storage::Transaction& tx, const AuditDraft& draft) const;
  audit::AuditEvent event(const AuditDraft& draft, audit::Outcome outcome) const;
  void note_outcome(const Error* error);
  storage::LaneKey lane() const;

  OperationRunner& runner_;
  const Operation& operation_;
  OperationRequest request_;
  Evidence evidence_;
  AuditDraft draft_;
  EventId event_id_;
  bool recorded_ = false;         // the success event is committed
  bool outcome_unknown_ = false;  // a commit was sent and its answer lost
};

}  // namespace unhidra::access
