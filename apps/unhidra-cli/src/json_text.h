#pragma once
// JSON as the client writes it.

#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace unhidra::cli {

// An object of our own output: what it is stands in `type`.
boost::json::object typed(std::string_view type);

// On one line, numbers as people write them: 19.8, where Boost.JSON has 1.98E1. Still JSON.
std::string readable(const boost::json::value& value);

}  // namespace unhidra::cli
