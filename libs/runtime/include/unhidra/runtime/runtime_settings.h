#pragma once
// The settings of this room.

#include <vector>

#include "unhidra/runtime/config.h"
#include "unhidra/runtime/log.h"

namespace unhidra::runtime {

inline const EnumSetting<log::Level> kLogLevel{
    {.name = "log.level",
     .description = "The least important lines that are written.",
     .default_value = log::Level::info,
     .values = {{"debug", log::Level::debug},
                {"info", log::Level::info},
                {"warn", log::Level::warn},
                {"error", log::Level::error}},
     .apply = Apply::reload}};
inline const EnumSetting<log::Format> kLogFormat{
    {.name = "log.format",
     .description = "JSON lines for machines, or text for a terminal.",
     .default_value = log::Format::json,
     .values = {{"json", log::Format::json}, {"text", log::Format::text}},
     .apply = Apply::reload}};
inline const Setting<std::int64_t> kIoThreads{{.name = "runtime.io_threads",
                                               .description = "Event loops; 0 means one per core.",
                                               .default_value = 0,
                                               .minimum = 0,
                                               .maximum = 256}};

inline std::vector<const SettingBase*> runtime_settings() {
  return {&kLogLevel, &kLogFormat, &kIoThreads};
}

// At start and after each reload.
inline void apply_log_settings(const Config& config) {
  log::configure({.level = config.get(kLogLevel), .format = config.get(kLogFormat)});
}

}  // namespace unhidra::runtime
