#pragma once
// Reading the server's JSON answers.

#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "errc.h"

namespace unhidra::cli {

// Empty when there is no such string.
inline std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

inline Result<boost::json::object> object_of(Result<boost::json::value> answer) {
  if (!answer) {
    return fail(std::move(answer).error());
  }
  if (!answer->is_object()) {
    return fail(Errc::server_failed, "the server's answer is no JSON object");
  }
  return std::move(answer->get_object());
}

}  // namespace unhidra::cli
