#pragma once
// JSON that a person reads.

#include <string>

#include <boost/json/value.hpp>

namespace unhidra::cli {

// On one line, numbers as people write them: 19.8, where Boost.JSON has 1.98E1. Still JSON.
std::string readable(const boost::json::value& value);

}  // namespace unhidra::cli
