#pragma once
// Spaces and channels as words: roles and permissions, JSON, and what a person reads.

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "unhidra/wire/channels.h"

#include "errc.h"

namespace unhidra::cli {

// Errors: usage.
Result<std::uint32_t> role_named(std::string_view name);
std::string_view role_name(std::uint32_t role);
// "post,react" as bits. Errors: usage.
Result<std::uint32_t> permissions_named(std::string_view names);
boost::json::array permission_names(std::uint32_t bits);

boost::json::object to_json(const wire::Channel& channel, const std::string& name);
boost::json::object to_json(const wire::Space& space);
// Of a channel's JSON, with its topic, description, exceptions and who is kept out, on some lines.
std::string channel_text(const boost::json::object& channel);

}  // namespace unhidra::cli
