#pragma once
// The effective configuration. Sources in rising order: defaults, one TOML file, UNHIDRA_*
// environment, flags (`--set gateway.listen=...`). Unknown names are errors with the nearest right
// one; all errors are reported together.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/runtime/errc.h"
#include "unhidra/runtime/settings.h"

namespace unhidra::runtime {

// All settings of the process, contributed by rooms and roles.
class Schema {
 public:
  // Two settings of one name (or one environment name), or a default outside of its own range, are
  // a bug and abort.
  Schema& add(std::span<const SettingBase* const> settings);
  Schema& add(const SettingBase& setting);
  const SettingBase* find(std::string_view name) const;
  const std::map<std::string, const SettingBase*, std::less<>>& all() const { return settings_; }

 private:
  std::map<std::string, const SettingBase*, std::less<>> settings_;  // by name
};

enum class Origin : std::uint8_t { default_value, file, environment, flag };

struct ConfigSources {
  std::optional<std::filesystem::path> file = std::nullopt;
  // Only names that start with UNHIDRA_ are looked at; UNHIDRA_CONFIG (the file's path) is skipped.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::vector<std::string> overrides = {};  // "name=value"
};
// The process's environment, for ConfigSources.
std::vector<std::pair<std::string, std::string>> process_environment();

class Config {
 public:
  // Immutable: a reload makes a new one. A setting that is not in the schema is a bug and aborts.
  template <class T>
  const T& get(const Setting<T>& setting) const {
    return std::get<T>(value(setting));
  }
  template <class E>
  E get(const EnumSetting<E>& setting) const {
    return setting.value_of(std::get<std::string>(value(setting)));
  }
  const SettingValue& value(const SettingBase& setting) const;
  Origin origin(const SettingBase& setting) const;

  enum class Secrets : std::uint8_t { masked, shown };
  // Every setting with its value, source and description, as valid TOML that loads again (with
  // secrets shown).
  std::string print(Secrets secrets = Secrets::masked) const;

  struct Difference {
    std::vector<std::string> reloadable;
    std::vector<std::string> need_restart;
  };
  // What changed from this to `newer`.
  Difference difference(const Config& newer) const;

 private:
  friend Result<Config> load_config(const Schema& schema, const ConfigSources& sources);
  struct Entry {
    const SettingBase* setting = nullptr;
    SettingValue value;
    Origin origin = Origin::default_value;
    std::string place;  // "unhidra.toml:12", "UNHIDRA_LOG_LEVEL", "--set"
  };
  const Entry& entry(const SettingBase& setting) const;
  std::map<std::string, Entry, std::less<>> entries_;
};

// Errc::bad_config: one problem a line.
Result<Config> load_config(const Schema& schema, const ConfigSources& sources);

}  // namespace unhidra::runtime
