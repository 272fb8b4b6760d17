#pragma once
// The exchanges over HTTPS that enrolment asks for.

#include <chrono>
#include <string>

#include "home.h"

namespace unhidra::device {

// Does what is due now: at most one exchange. Answers when to ask again at the latest (uptime).
// Errc::needs_code, untrusted; that nobody answers is no error, it is tried again.
Result<std::uint64_t> enrol_step(Home& home, const std::string& code);
// Until there is a certificate. Errc::timed_out.
Status enrol(Home& home, const std::string& code, std::chrono::milliseconds patience);

}  // namespace unhidra::device
