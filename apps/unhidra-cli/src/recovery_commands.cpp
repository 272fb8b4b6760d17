// devices recovery-code, devices recover: the account key in writing, for whoever has lost all
// devices.

#include <algorithm>
#include <istream>
#include <ostream>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

Status App::show_recovery_code() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY(const auto code, engine_->recovery_code());
  const std::string text(as_text(code.expose()));
  output_.result({{"type", "recovery_code"}, {"code", text}},
                 "Write it down and keep it where no device of yours is. Whoever has it and your "
                 "password can become a device of yours; without any device it is the only way "
                 "back into this account:\n\n  " +
                     text + "\n");
  return {};
}

Result<SecretBytes> App::recovery_code_from_person() const {
  if (!options_.code_file.empty()) {
    return secret_from_file(around_, options_.code_file);
  }
  if (!around_.in_is_terminal) {
    return fail(Errc::usage, "give the recovery code with --code-file");
  }
  *around_.err << "Recovery code: " << std::flush;
  std::string line;
  if (!std::getline(*around_.in, line) || line.empty()) {
    return fail(Errc::usage, "nothing was done");
  }
  return SecretBytes::copy_of(as_bytes(line));
}

Status App::recover() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto code, recovery_code_from_person());
  UNHIDRA_TRY_VOID(engine_->recover(as_text(code.expose())));
  UNHIDRA_TRY_VOID(driver_->run_until(
      [this] {
        return engine_->idle() && engine_->account()->membership == client::Membership::approved;
      },
      kPatience));
  UNHIDRA_TRY(const auto devices, engine_->devices());
  const auto others = std::ranges::count_if(
      devices, [](const auto& one) { return !one.this_device && !one.pending; });
  output_.result(
      {{"type", "recovered"}, {"other_devices", others}},
      "This device is approved. Its messages begin now." +
          (others == 0 ? std::string()
                       : " Of your other devices (" + std::to_string(others) +
                             ") end those that are lost: unhidra-cli devices revoke ID"));
  return {};
}

// Of somebody who has neither another device nor the code.
Status App::begin_anew() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  const auto account = *engine_->account();
  if (account.membership != client::Membership::pending) {
    return fail(Errc::conflict, "this device does not wait to be approved");
  }
  if (!options_.yes &&
      !confirm(around_,
               "All your other devices end now, and everybody you write with is told that your "
               "identity has changed. Go on?",
               false)) {
    return fail(Errc::usage, "nothing was done");
  }
  UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(5)));
  UNHIDRA_TRY(const auto at_server, rest_->devices(token));
  for (const auto& device : at_server) {
    if (device.id != account.device && !device.revoked) {
      UNHIDRA_TRY_VOID(rest_->revoke_device(token, device.id));
    }
  }
  UNHIDRA_TRY_VOID(engine_->refresh_user(account.user));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY_VOID(engine_->begin_anew());
  UNHIDRA_TRY_VOID(driver_->run_until(
      [this] {
        return engine_->idle() && engine_->account()->membership == client::Membership::approved;
      },
      kPatience));
  output_.result({{"type", "begun_anew"}},
                 "This device is approved, with new keys. Your other devices have ended.");
  return {};
}

}  // namespace unhidra::cli
