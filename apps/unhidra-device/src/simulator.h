#pragma once
// Things that could be there: what they measure, what they do when told to.

#include <memory>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "errc.h"

namespace unhidra::device {

class Simulator {
 public:
  virtual ~Simulator() = default;
  virtual boost::json::object measure() = 0;
  virtual boost::json::object state() const = 0;
  // What a command did, for people. Errc::refused with the reason.
  virtual Result<std::string> obey(std::string_view command, std::string_view arguments) = 0;
  // One thing that is wanted of its state, named as in state(). As obey().
  virtual Result<std::string> want(std::string_view name, const boost::json::value& value) = 0;
};

// A flat object as people write it: 21.5, not 2.15E1.
std::string to_text(const boost::json::object& reading);

// "sensor", "light", "thermostat". Errc::usage.
Result<std::unique_ptr<Simulator>> make_simulator(std::string_view kind);

}  // namespace unhidra::device
