#pragma once
// What can go wrong in the command-line client, and the exit code of each.

#include "unhidra/base/error.h"

namespace unhidra::cli {

enum class Errc : std::uint8_t {
  usage,              // the command line makes no sense
  failed,             // anything without a code of its own
  bad_profile,        // a file of the profile cannot be read or written
  locked,             // another process uses the profile
  no_passphrase,      // the store is sealed with a passphrase, and none was given
  wrong_passphrase,   // ... and another one was given
  not_logged_in,      // the profile holds no session: register or log in
  already_logged_in,  // the profile holds a device already
  session_ended,      // the server does not accept the session any more: log in again
  refused,            // the server refuses the credentials or the permission
  untrusted_server,   // its certificate is neither pinned nor of a trusted authority
  identity_changed,   // the peer's identity changed and nobody has accepted the new one
  not_approved,       // this device is not approved by another one yet
  not_found,          // no such user, device or message
  unreachable,        // no connection to the server
  timed_out,          // not done in time
  conflict,           // the server's state does not allow it
  rate_limited,       // too many attempts
  not_sent,           // the server refused the message for good
  server_failed,      // the server answered with something unexpected
  no_scanner,         // no virus scanner answers, or it does not scan this file
  infected,           // a virus scanner found something
  bad_export,         // what is to be imported cannot be read
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::usage:
      return {"cli.usage", ErrorKind::invalid};
    case Errc::bad_profile:
      return {"cli.bad_profile", ErrorKind::corrupt};
    case Errc::bad_export:
      return {"cli.bad_export", ErrorKind::corrupt};
    case Errc::locked:
      return {"cli.locked", ErrorKind::conflict};
    case Errc::no_passphrase:
      return {"cli.no_passphrase", ErrorKind::unauthenticated};
    case Errc::wrong_passphrase:
      return {"cli.wrong_passphrase", ErrorKind::unauthenticated};
    case Errc::not_logged_in:
      return {"cli.not_logged_in", ErrorKind::unauthenticated};
    case Errc::already_logged_in:
      return {"cli.already_logged_in", ErrorKind::conflict};
    case Errc::session_ended:
      return {"cli.session_ended", ErrorKind::unauthenticated};
    case Errc::refused:
      return {"cli.refused", ErrorKind::denied};
    case Errc::untrusted_server:
      return {"cli.untrusted_server", ErrorKind::unauthenticated};
    case Errc::identity_changed:
      return {"cli.identity_changed", ErrorKind::conflict};
    case Errc::not_approved:
      return {"cli.not_approved", ErrorKind::denied};
    case Errc::not_found:
      return {"cli.not_found", ErrorKind::not_found};
    case Errc::unreachable:
      return {"cli.unreachable", ErrorKind::unavailable};
    case Errc::timed_out:
      return {"cli.timed_out", ErrorKind::timeout};
    case Errc::conflict:
      return {"cli.conflict", ErrorKind::conflict};
    case Errc::rate_limited:
      return {"cli.rate_limited", ErrorKind::rate_limited};
    case Errc::not_sent:
      return {"cli.not_sent", ErrorKind::conflict};
    case Errc::server_failed:
      return {"cli.server_failed", ErrorKind::internal};
    case Errc::no_scanner:
      return {"cli.no_scanner", ErrorKind::conflict};
    case Errc::infected:
      return {"cli.infected", ErrorKind::unprocessable};
    case Errc::failed:
      break;
  }
  return {"cli.failed", ErrorKind::internal};
}

// Documented in README.md; scripts rely on them.
enum class ExitCode : int {
  ok = 0,
  other = 1,
  usage = 2,
  authentication = 3,
  network = 4,
  not_trusted = 5,
  not_found = 6,
};

ExitCode exit_code_of(const Error& error);

}  // namespace unhidra::cli
