#pragma once
// What is shown of IoT devices. The objects are the server's answers (api/openapi.yaml).

#include <string>

#include <boost/json/object.hpp>

namespace unhidra::cli {

// As a record of the output: told apart by `type`; a device's own type becomes `device_type`.
boost::json::object typed(std::string_view type, boost::json::object object);
std::string line_of(const boost::json::object& device);
std::string sheet_of(const boost::json::object& device);
std::string request_line(const boost::json::object& request);
std::string twin_text(const boost::json::object& twin);

// Which topics take sealed payloads alone, and where plaintext is allowed.
std::string protection_sheet(const boost::json::object& protection);

}  // namespace unhidra::cli
