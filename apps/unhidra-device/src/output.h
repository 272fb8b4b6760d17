#pragma once
// What happens, as one JSON object a line on standard output.

#include <boost/json.hpp>

namespace unhidra::device {

// Adds the time; flushes, as somebody may be waiting for the line.
void say(std::string_view event, boost::json::object fields = {});

}  // namespace unhidra::device
