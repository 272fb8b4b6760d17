#pragma once
// Error codes of the auth role. Messages for people never say whether a user exists.

#include "unhidra/base/error.h"

namespace unhidra::auth {

enum class Errc : std::uint8_t {
  bad_credentials,     // unknown user, wrong password or disabled account: one answer for all
  wrong_password,      // the present password, given to change it, is not right
  bad_username,        // breaks the rules for names
  weak_password,       // too short, too long, no text, or one of the commonest
  username_taken,      // within the organisation
  name_taken,          // an organisation of that name exists
  sign_up_closed,      // neither open sign-up nor an invitation
  bad_invitation,      // unknown, used, revoked or expired
  bad_setup_token,     // not the one-time token of this server
  setup_done,          // the first administrator exists
  invalid_session,     // unknown, revoked or expired session or token
  refresh_reused,      // an old refresh token came back: the session is revoked
  not_found,           // does not exist in the asker's organisation
  role_too_high,       // nobody hands out or takes away more than he has
  last_administrator,  // somebody must stay who can administer
  too_many_devices,    // over auth.max_devices
  device_bound,        // the session already belongs to a device
  bad_request,         // a field is missing or out of range
  no_signing_key,      // no key is usable: a fault of ours
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_credentials:
      return {"auth.bad_credentials", ErrorKind::unauthenticated};
    case Errc::wrong_password:
      return {"auth.wrong_password", ErrorKind::unprocessable};
    case Errc::bad_username:
      return {"auth.bad_username", ErrorKind::unprocessable};
    case Errc::weak_password:
      return {"auth.weak_password", ErrorKind::unprocessable};
    case Errc::username_taken:
      return {"auth.username_taken", ErrorKind::conflict};
    case Errc::name_taken:
      return {"auth.name_taken", ErrorKind::conflict};
    case Errc::sign_up_closed:
      return {"auth.sign_up_closed", ErrorKind::denied};
    case Errc::bad_invitation:
      return {"auth.bad_invitation", ErrorKind::denied};
    case Errc::bad_setup_token:
      return {"auth.bad_setup_token", ErrorKind::unauthenticated};
    case Errc::setup_done:
      return {"auth.setup_done", ErrorKind::conflict};
    case Errc::invalid_session:
      return {"auth.invalid_session", ErrorKind::unauthenticated};
    case Errc::refresh_reused:
      return {"auth.refresh_reused", ErrorKind::unauthenticated};
    case Errc::not_found:
      return {"auth.not_found", ErrorKind::not_found};
    case Errc::role_too_high:
      return {"auth.role_too_high", ErrorKind::denied};
    case Errc::last_administrator:
      return {"auth.last_administrator", ErrorKind::conflict};
    case Errc::too_many_devices:
      return {"auth.too_many_devices", ErrorKind::conflict};
    case Errc::device_bound:
      return {"auth.device_bound", ErrorKind::conflict};
    case Errc::bad_request:
      return {"auth.bad_request", ErrorKind::invalid};
    case Errc::no_signing_key:
      break;
  }
  return {"auth.no_signing_key", ErrorKind::internal};
}

}  // namespace unhidra::auth
