#pragma once
// What the `device` commands ask the registry for, from what was typed.

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "unhidra/base/id.h"

#include "options.h"

namespace unhidra::cli {

// For a query's value (RFC 3986, section 2.1).
std::string url_escaped(std::string_view text);

// Of name=value. Errc::usage.
Result<boost::json::object> labels_of(const std::vector<std::string>& labels);

// What is wanted of a device, as its group reads it; nothing for one that is in no group of this
// client.
using SealDesired = std::function<Result<std::optional<Bytes>>(
    DeviceId, const boost::json::value& document, const boost::json::object& twin)>;

// The body that says what is wanted of the device: sealed where it can be. `in`: where "-" is read
// from; `twin`: as it is. Errc::usage for what is no JSON object, Errc::not_found where it would
// have to be sealed and cannot be.
Result<boost::json::object> twin_wish(const IotOptions& options, std::istream& in, DeviceId device,
                                      const boost::json::object& twin, const SealDesired& seal);

}  // namespace unhidra::cli
