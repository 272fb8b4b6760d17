#pragma once
// The device's twin at the server: what the device says it is, and what is wanted of it. For a
// device in a group the server keeps both without being able to read them.

#include <optional>
#include <string>

#include <boost/json.hpp>

#include "home.h"

namespace unhidra::device {

// Whether the server takes the certificate still. Errc::needs_code when not; unreachable.
Status check_certificate(Home& home);

class Twin {
 public:
  explicit Twin(Home& home) : home_(home) {}

  // What is wanted, when that is news. Errc::refused, once for each that is not to be believed: an
  // older one than was taken before, one that nobody who may has sealed, one that the server could
  // have written itself. Errc::unreachable, needs_code.
  Result<std::optional<boost::json::object>> look();
  // Keys have come: what could not be opened may open now.
  void look_again() { seen_.clear(); }
  // Errc::unreachable, needs_code, refused.
  Status report(boost::json::object state);

 private:
  struct Server;  // what it answers
  Result<Server> ask();
  Result<std::optional<boost::json::object>> open(const std::string& ciphertext);
  Result<std::string> seal(const std::string& document);

  Home& home_;
  std::string seen_;  // the wanted side that was looked at last, as the server wrote it
};

}  // namespace unhidra::device
