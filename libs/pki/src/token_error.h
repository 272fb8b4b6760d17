#pragma once
// The one error of every bad token.

#include "unhidra/pki/jwt.h"

namespace unhidra::pki {

inline std::unexpected<Error> bad_token(std::string* detail, std::string why) {
  if (detail != nullptr) {
    *detail = std::move(why);
  }
  return fail(Errc::bad_token, "the token is not valid");
}

}  // namespace unhidra::pki
