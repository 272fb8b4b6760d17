#include "simulator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "core.h"

extern "C" {
#include "uh/backoff.h"
}

namespace unhidra::device {
namespace {

std::unexpected<Error> no_such(std::string_view command) {
  return fail(Errc::refused, "there is no command \"" + std::string(command) + "\"");
}

std::unexpected<Error> cannot(std::string_view name) {
  return fail(Errc::refused, "\"" + std::string(name) + "\" cannot be set to that");
}

// As an argument of a command.
std::string argument(const boost::json::value& value) {
  if (value.is_string()) {
    return std::string(value.as_string());
  }
  if (!value.is_number()) {
    return {};
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value.to_number<double>());
  return text;
}

Result<double> number(std::string_view text, double least, double most) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || !(out >= least && out <= most)) {
    return fail(Errc::refused, "a number from " + std::to_string(static_cast<int>(least)) + " to " +
                                   std::to_string(static_cast<int>(most)) + " is needed");
  }
  return out;
}

// -1 to 1.
double noise() {
  return uh_random_below(2'001) / 1'000.0 - 1.0;
}

double round_to_tenth(double value) {
  return std::round(value * 10) / 10;
}

class Sensor final : public Simulator {
 public:
  boost::json::object measure() override {
    temperature_ = std::clamp(temperature_ + noise() * 0.3, -20.0, 45.0);
    humidity_ = std::clamp(humidity_ + noise(), 5.0, 95.0);
    return state();
  }
  boost::json::object state() const override {
    return {{"temperature", round_to_tenth(temperature_)}, {"humidity", std::round(humidity_)}};
  }
  Result<std::string> obey(std::string_view command, std::string_view) override {
    return no_such(command);
  }
  Result<std::string> want(std::string_view name, const boost::json::value&) override {
    return cannot(name);
  }

 private:
  double temperature_ = 21;
  double humidity_ = 50;
};

class Light final : public Simulator {
 public:
  boost::json::object measure() override {
    auto out = state();
    out["watts"] = on_ ? std::round(brightness_ * 0.09) : 0.0;
    return out;
  }
  boost::json::object state() const override { return {{"on", on_}, {"brightness", brightness_}}; }
  Result<std::string> obey(std::string_view command, std::string_view arguments) override {
    if (command == "on" || command == "off") {
      on_ = command == "on";
    } else if (command == "dim") {
      UNHIDRA_TRY(brightness_, number(arguments, 0, 100));
    } else {
      return no_such(command);
    }
    return on_ ? "on, at " + std::to_string(static_cast<int>(brightness_)) + " percent"
               : std::string("off");
  }
  Result<std::string> want(std::string_view name, const boost::json::value& value) override {
    if (name == "on" && value.is_bool()) {
      return obey(value.as_bool() ? "on" : "off", {});
    }
    return name == "brightness" ? obey("dim", argument(value)) : cannot(name);
  }

 private:
  bool on_ = false;
  double brightness_ = 100;
};

class Thermostat final : public Simulator {
 public:
  boost::json::object measure() override {
    const double towards = heats_ ? target_ : 16.0;
    temperature_ += (towards - temperature_) * 0.1 + noise() * 0.1;
    return state();
  }
  boost::json::object state() const override {
    return {{"temperature", round_to_tenth(temperature_)},
            {"target", target_},
            {"mode", heats_ ? "heat" : "off"}};
  }
  Result<std::string> obey(std::string_view command, std::string_view arguments) override {
    if (command == "set") {
      UNHIDRA_TRY(target_, number(arguments, 5, 30));
      char text[16];
      std::snprintf(text, sizeof text, "%.1f", target_);
      return "target " + std::string(text);
    }
    if (command == "mode" && (arguments == "heat" || arguments == "off")) {
      heats_ = arguments == "heat";
      return "mode " + std::string(arguments);
    }
    return no_such(command);
  }
  Result<std::string> want(std::string_view name, const boost::json::value& value) override {
    if (name == "target") {
      return obey("set", argument(value));
    }
    return name == "mode" ? obey("mode", argument(value)) : cannot(name);
  }

 private:
  double temperature_ = 19;
  double target_ = 20;
  bool heats_ = true;
};

}  // namespace

std::string to_text(const boost::json::object& reading) {
  std::string out;
  for (const auto& [key, value] : reading) {
    out += (out.empty() ? "{\"" : ",\"") + std::string(key) + "\":";
    if (value.is_double()) {
      char number[32];
      std::snprintf(number, sizeof number, "%.10g", value.as_double());
      out += number;
    } else {
      out += boost::json::serialize(value);
    }
  }
  return out.empty() ? "{}" : out + "}";
}

Result<std::unique_ptr<Simulator>> make_simulator(std::string_view kind) {
  if (kind == "sensor") {
    return std::make_unique<Sensor>();
  }
  if (kind == "light") {
    return std::make_unique<Light>();
  }
  if (kind == "thermostat") {
    return std::make_unique<Thermostat>();
  }
  return fail(Errc::usage,
              "there are sensor, light and thermostat, not \"" + std::string(kind) + "\"");
}

}  // namespace unhidra::device
