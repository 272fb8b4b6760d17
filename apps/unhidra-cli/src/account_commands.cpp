// register, login, logout, status, devices, verify.

#include <filesystem>
#include <unistd.h>

#include <boost/json/object.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;
using client::Membership;

namespace {

constexpr std::chrono::seconds kPatience{30};

std::string host_name() {
  std::array<char, 65> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0'
             ? printable(name.data())
             : std::string("unhidra-cli");
}

std::string to_string(const SecretBytes& secret) {
  return std::string(as_text(secret.expose()));
}

std::string_view say(Membership membership) {
  switch (membership) {
    case Membership::approved:
      return "approved";
    case Membership::pending:
      return "waiting: approve it on another device of the account (unhidra-cli devices)";
    case Membership::removed:
      return "removed from the account by another device";
    case Membership::unknown:
      break;
  }
  return "not asked yet";
}

json::object account_json(const char* type, const client::Account& account,
                          const ProfileSettings& settings) {
  json::object out;
  out["type"] = type;
  out["username"] = account.username;
  out["user_id"] = account.user.to_string();
  out["device_id"] = account.device.to_string();
  out["server"] = settings.server;
  out["membership"] = client::to_string(account.membership);
  out["fingerprint"] = account.fingerprint;
  out["may_approve"] = account.has_account_key;
  out["device_list_version"] = account.list_version;
  out["waiting_messages"] = account.outbox_size;
  return out;
}

}  // namespace

Status App::sign_up_or_log_in() {
  UNHIDRA_TRY_VOID(open_profile());
  UNHIDRA_TRY_VOID(ready_rest());
  const bool had_store = profile_->has_store();
  UNHIDRA_TRY_VOID(open_store());  // before the account is made: a forgotten passphrase costs none
  UNHIDRA_TRY_VOID(open_engine());
  if (engine_->enrolled() && options_.command == Command::log_in &&
      engine_->account()->username == options_.username) {
    return come_back();
  }
  if (engine_->enrolled()) {
    return fail(Errc::already_logged_in, "this profile is the device of " +
                                             printable(engine_->account()->username) +
                                             " already: use another --profile, or log out first");
  }
  if (!had_store) {
    UNHIDRA_TRY_VOID(profile_->save_settings());
  }
  std::string password;
  UNHIDRA_TRY(auto tokens, first_tokens(password));
  if (tokens.must_change_password) {
    UNHIDRA_TRY(tokens, renew_password(tokens, password));
  }
  wipe({reinterpret_cast<Byte*>(password.data()), password.size()});
  UNHIDRA_TRY_VOID(become_device(tokens));
  return say_account("Logged in as ");
}

Status App::come_back() {
  std::string password;
  UNHIDRA_TRY(auto tokens, first_tokens(password));
  if (tokens.must_change_password) {
    UNHIDRA_TRY(tokens, renew_password(tokens, password));
  }
  wipe({reinterpret_cast<Byte*>(password.data()), password.size()});
  LoginState login;
  login.access_token = tokens.access_token;
  login.access_expires_at = tokens.access_expires_at;
  login.refresh_token = tokens.refresh_token;
  UNHIDRA_TRY_VOID(save_login(*store_, login));
  return say_account("Logged in again as ");
}

Status App::say_account(const char* what) {
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(driver_->run_until(
      [this] { return engine_->idle() && engine_->account()->membership != Membership::unknown; },
      kPatience));
  const auto account = *engine_->account();
  output_.result(account_json("account", account, profile_->settings),
                 what + printable(account.username) + ". This device is " +
                     account.device.to_string() + ", fingerprint " + account.fingerprint +
                     "\nState: " + std::string(say(account.membership)));
  return {};
}

Result<Tokens> App::first_tokens(std::string& password) {
  const bool fresh = options_.command == Command::sign_up;
  UNHIDRA_TRY(const auto secret, !options_.password_file.empty()
                                     ? secret_from_file(around_, options_.password_file)
                                 : fresh ? ask_new_secret(around_, "Password of the new account")
                                         : ask_secret(around_, "Password"));
  password = to_string(secret);
  const Credentials credentials{
      options_.username,
      password,
      options_.organization,
      options_.invitation,
      options_.display_name,
      engine_->enrolled() ? std::optional(engine_->account()->device) : std::nullopt};
  return fresh ? rest_->sign_up(credentials) : rest_->log_in(credentials);
}

// Accounts that an administrator made start with a password for one use.
Result<Tokens> App::renew_password(const Tokens& tokens, const std::string& password) {
  output_.remark("The server asks for a new password.");
  UNHIDRA_TRY(const auto secret, options_.new_password_file.empty()
                                     ? ask_new_secret(around_, "New password")
                                     : secret_from_file(around_, options_.new_password_file));
  const auto fresh = to_string(secret);
  UNHIDRA_TRY_VOID(rest_->change_password(tokens.access_token, password, fresh));
  return rest_->log_in(
      {options_.username,
       fresh,
       options_.organization,
       {},
       {},
       engine_->enrolled() ? std::optional(engine_->account()->device) : std::nullopt});
}

Status App::become_device(const Tokens& tokens) {
  const auto name = options_.device_name.empty() ? host_name() : options_.device_name;
  UNHIDRA_TRY(const auto device, rest_->register_device(tokens.access_token, name));
  LoginState login;
  login.access_token = device.access_token;
  login.access_expires_at = device.access_expires_at;
  login.refresh_token = tokens.refresh_token;
  UNHIDRA_TRY_VOID(save_login(*store_, login));
  auto& settings = profile_->settings;
  settings.username = options_.username;
  if (options_.gateway.empty()) {
    settings.gateway = device.gateway_url.empty() ? tokens.gateway_url : device.gateway_url;
  }
  UNHIDRA_TRY_VOID(profile_->save_settings());
  return engine_->enroll({tokens.user, device.device, options_.username});
}

Status App::log_out() {
  UNHIDRA_TRY_VOID(open_device());
  if (!options_.yes &&
      !confirm(around_, "This deletes this device's keys and history. Log out?", false)) {
    return fail(Errc::usage, around_.in_is_terminal
                                 ? "nothing was done"
                                 : "logging out deletes keys and history: say --yes");
  }
  UNHIDRA_TRY_VOID(ready_rest());
  UNHIDRA_TRY(auto login, load_login(*store_));
  if (login) {
    TokenKeeper tokens(*rest_, *store_, random_, clock_, std::move(*login));
    auto token = tokens.fresh(std::chrono::seconds(5));
    const auto ended = token ? rest_->log_out(*token) : Status(fail(token.error()));
    if (!ended && ended.error() != Errc::session_ended && ended.error() != Errc::refused) {
      return fail(Error(ended.error()).in("the session could not be ended, nothing was deleted"));
    }
  }
  engine_.reset();
  store_.reset();
  for (const auto* name : {"vault", "store.db", "store.db-wal", "store.db-shm", "profile.json"}) {
    std::error_code ignored;
    std::filesystem::remove(profile_->directory() + "/" + name, ignored);
  }
  output_.result({{"type", "logged_out"}},
                 "Logged out; the keys and history of this device are "
                 "deleted.");
  return {};
}

Status App::status() {
  UNHIDRA_TRY_VOID(open_device());
  const auto account = *engine_->account();
  output_.result(account_json("status", account, profile_->settings),
                 "Account      " + printable(account.username) + " (" + account.user.to_string() +
                     ")\nServer       " + printable(profile_->settings.server) + "\nDevice       " +
                     account.device.to_string() + "\nFingerprint  " + account.fingerprint +
                     "\nState        " + std::string(say(account.membership)) + "\nApproves     " +
                     (account.has_account_key ? "other devices" : "no other devices") +
                     "\nWaiting      " + std::to_string(account.outbox_size) +
                     " message(s) to send");
  return {};
}

Status App::list_devices() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(5)));
  UNHIDRA_TRY(const auto at_server, rest_->devices(token));
  UNHIDRA_TRY(const auto devices, engine_->devices());
  for (const auto& device : devices) {
    const auto told = std::ranges::find(at_server, device.id, &ServerDevice::id);
    const bool known = told != at_server.end();
    const auto name = known ? told->name : device.name;
    const auto* state = device.pending           ? "pending"
                        : known && told->revoked ? "revoked"
                                                 : "approved";
    json::object object;
    object["type"] = "device";
    object["device_id"] = device.id.to_string();
    object["name"] = name;
    object["state"] = state;
    object["this_device"] = device.this_device;
    object["fingerprint"] = device.fingerprint;
    object["created_at"] = known ? json::value(told->created_at) : json::value(nullptr);
    output_.result(object, device.id.to_string() + "  " + state +
                               (device.this_device ? " (this device)  " : "  ") + printable(name) +
                               "\n    fingerprint " + device.fingerprint);
  }
  return {};
}

Result<DeviceId> App::device_named(const std::vector<DeviceId>& candidates) const {
  std::optional<DeviceId> found;
  for (const auto& candidate : candidates) {
    if (candidate.to_string().starts_with(options_.device)) {
      if (found) {
        return fail(Errc::usage, "more than one device's id begins like that");
      }
      found = candidate;
    }
  }
  if (!found) {
    return fail(Errc::not_found, "no such device: " + printable(options_.device) +
                                     ". unhidra-cli devices lists them");
  }
  return *found;
}

Status App::approve_device() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto devices, engine_->devices());
  std::vector<DeviceId> pending;
  for (const auto& device : devices) {
    if (device.pending) {
      pending.push_back(device.id);
    }
  }
  UNHIDRA_TRY(const auto id, device_named(pending));
  const auto& device = *std::ranges::find(devices, id, &client::Device::id);
  if (!options_.yes && !confirm(around_,
                                "Does " + printable(device.name) + " show the fingerprint " +
                                    device.fingerprint + " (unhidra-cli status there)?",
                                true)) {
    return fail(Errc::usage, "nothing was done");
  }
  UNHIDRA_TRY_VOID(engine_->approve_device(id));
  const auto approved = [&] {
    const auto now = engine_->devices();
    return now && engine_->idle() && engine_->account()->outbox_size == 0 &&
           std::ranges::any_of(*now, [&](const auto& one) { return one.id == id && !one.pending; });
  };
  UNHIDRA_TRY_VOID(driver_->run_until(approved, kPatience));
  output_.result({{"type", "device_approved"}, {"device_id", id.to_string()}},
                 "Approved " + printable(device.name) + " (" + id.to_string() + ")");
  return {};
}

Status App::revoke_device() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(5)));
  UNHIDRA_TRY(const auto at_server, rest_->devices(token));
  std::vector<DeviceId> ids;
  for (const auto& device : at_server) {
    ids.push_back(device.id);
  }
  UNHIDRA_TRY(const auto id, device_named(ids));
  if (!options_.yes && !confirm(around_, "End the device " + id.to_string() + "?", true)) {
    return fail(Errc::usage, "nothing was done");
  }
  // Off the signed list first: from then on nobody encrypts for it, whatever the server does.
  if (auto removed = engine_->remove_device(id); removed) {
    UNHIDRA_TRY_VOID(driver_->run_until(
        [&] {
          const auto now = engine_->devices();
          return now && engine_->idle() && std::ranges::none_of(*now, [&](const auto& one) {
                   return one.id == id && !one.pending;
                 });
        },
        kPatience));
  } else if (removed.error() == client::Errc::no_account_key ||
             removed.error() == client::Errc::not_approved) {
    output_.remark("This device may not sign device lists; the server alone ends the other one.");
  }
  UNHIDRA_TRY_VOID(rest_->revoke_device(token, id));
  output_.result({{"type", "device_revoked"}, {"device_id", id.to_string()}},
                 "Revoked " + id.to_string());
  return {};
}

Status App::invite() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(5)));
  UNHIDRA_TRY(const auto invitation, rest_->invite(token, options_.role, options_.hours));
  output_.result({{"type", "invitation"},
                  {"token", invitation.token},
                  {"role", invitation.role},
                  {"expires_at", invitation.expires_at}},
                 "Invitation (" + printable(invitation.role) + ", good once until " +
                     printable(invitation.expires_at) + "):\n  unhidra-cli --server " +
                     printable(profile_->settings.server) + " register --invite " +
                     printable(invitation.token) + " --username NAME");
  return {};
}

Status App::verify() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY(const auto user, find_user(options_.user, true));
  UNHIDRA_TRY_VOID(engine_->refresh_user(user.id));
  UNHIDRA_TRY_VOID(settle(kPatience));
  if (options_.accept) {
    UNHIDRA_TRY_VOID(engine_->accept_identity(user.id));
  }
  if (options_.mark_verified) {
    UNHIDRA_TRY_VOID(engine_->set_verified(user.id, true));
  }
  UNHIDRA_TRY_VOID(settle(kPatience));
  auto number = engine_->safety_number(user.id);
  if (!number) {
    return fail(Errc::not_found, printable(user.username) +
                                     " has not set up any device yet, so there is nothing to "
                                     "compare");
  }
  json::object object;
  object["type"] = "safety_number";
  object["user"] = user.username;
  object["user_id"] = user.id.to_string();
  object["safety_number"] = number->digits;
  object["qr_text"] = number->qr_text;
  object["trust"] = client::to_string(number->trust);
  std::string text = "Safety number with " + printable(user.username) + " (" +
                     std::string(client::to_string(number->trust)) + "):\n";
  for (std::size_t begin = 0; begin < number->digits.size(); begin += 24) {
    text += "  " + number->digits.substr(begin, 24) + "\n";
  }
  text += "QR text: " + number->qr_text;
  output_.result(object, text);
  if (number->trust == client::Trust::changed) {
    output_.remark(
        "This is the number of the new identity. If it is the same on the other side, "
        "accept it: unhidra-cli verify " +
        printable(user.username) + " --accept");
  } else if (number->trust != client::Trust::verified) {
    output_.remark("If it is the same on the other side: unhidra-cli verify " +
                   printable(user.username) + " --mark-verified");
  }
  return {};
}

}  // namespace unhidra::cli
