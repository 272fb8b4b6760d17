#include "passwords/sign_in.h"

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"

namespace unhidra::automation {
namespace {

std::unexpected<Error> refused() {
  return fail(Errc::bad_credentials, "the password is not accepted");
}

// A method says whether it binds; "y" says that the client would have, had it been offered.
bool fits(const ScramClientFirst& first, std::string_view method, bool can_bind) {
  if (first.bound != (method == kScramPlus)) {
    return false;
  }
  return first.bound ? can_bind : !(first.could_bind && can_bind);
}

}  // namespace

Task<Result<Bytes>> PasswordSignIn::begin(mqtt::ConnectionId connection, std::string method,
                                          Bytes message, Bytes binding) {
  UNHIDRA_CO_TRY(auto first, parse_client_first(as_text(message)));
  if (!fits(first, method, !binding.empty())) {
    co_return refused();
  }
  // What is no id at all is looked up as well: it must not answer sooner.
  const auto id = MqttPasswordId::parse(first.user).value_or(MqttPasswordId());
  const auto expires_at = clock_.now() + kLifetime;
  UNHIDRA_CO_TRY(auto holder, co_await database_.read([&](storage::Transaction& tx) {
    return store::find_holder(tx, id, expires_at);
  }));
  const bool known = holder.has_value();
  if (!known) {
    holder.emplace();
    holder->verifier.salt = salt_of(first.user);
  }
  const auto nonce = to_base64url(random_.array<18>());
  Entry entry{.exchange = ScramExchange(std::move(first), std::move(holder->verifier), nonce,
                                        std::move(binding), known),
              .principal = std::move(holder->principal)};
  auto out = to_bytes(as_bytes(entry.exchange.server_first()));
  under_way_.insert_or_assign(connection, std::move(entry));
  co_return out;
}

Result<PasswordSignIn::Done> PasswordSignIn::finish(mqtt::ConnectionId connection,
                                                    ByteView message) {
  const auto found = under_way_.find(connection);
  if (found == under_way_.end()) {
    return refused();
  }
  const auto entry = std::move(found->second);
  under_way_.erase(found);
  UNHIDRA_TRY(const auto last, entry.exchange.finish(as_text(message)));
  return Done{.principal = entry.principal, .data = to_bytes(as_bytes(last))};
}

}  // namespace unhidra::automation
