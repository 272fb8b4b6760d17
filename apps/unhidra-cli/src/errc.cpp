#include "errc.h"

#include "unhidra/net/errc.h"

namespace unhidra::cli {

ExitCode exit_code_of(const Error& error) {
  if (error == Errc::usage) {
    return ExitCode::usage;
  }
  if (error == Errc::untrusted_server || error == Errc::identity_changed ||
      error == net::Errc::untrusted) {
    return ExitCode::not_trusted;
  }
  switch (error.kind()) {
    case ErrorKind::unauthenticated:
    case ErrorKind::denied:
      return ExitCode::authentication;
    case ErrorKind::unavailable:
    case ErrorKind::timeout:
      return ExitCode::network;
    case ErrorKind::not_found:
      return ExitCode::not_found;
    default:
      return ExitCode::other;
  }
}

}  // namespace unhidra::cli
