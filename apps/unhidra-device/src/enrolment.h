#pragma once
// The exchanges over HTTPS that enrolment asks for, and the device's twin.

#include <chrono>

#include <boost/json.hpp>

#include "home.h"

namespace unhidra::device {

// Does what is due now: at most one exchange. Answers when to ask again at the latest (uptime).
// Errc::needs_code, untrusted; that nobody answers is no error, it is tried again.
Result<std::uint64_t> enrol_step(Home& home, const std::string& code);
// Until there is a certificate. Errc::timed_out.
Status enrol(Home& home, const std::string& code, std::chrono::milliseconds patience);
// Whether the server takes the certificate still. Errc::needs_code when not; unreachable.
Status check_certificate(Home& home);
// Errc::unreachable, needs_code, refused.
Status report_twin(Home& home, const boost::json::object& state);

}  // namespace unhidra::device
