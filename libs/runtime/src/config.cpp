#include "unhidra/runtime/config.h"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/log.h"

#include "setting_text.h"
#include "toml_file.h"

namespace unhidra::runtime {
namespace {

constexpr std::string_view kPrefix = "UNHIDRA_";
constexpr std::string_view kConfigVariable = "UNHIDRA_CONFIG";
constexpr std::string_view kFileSuffix = "_FILE";
constexpr std::size_t kMaxSecretFile = 64 * 1024;
constexpr std::string_view kMask = "********";

std::string in_quotes(std::string_view text) {
  return "\"" + printable(text) + "\"";
}

}  // namespace

Schema& Schema::add(const SettingBase& setting) {
  for (const auto& [name, other] : settings_) {
    if (name == setting.name() || other->environment_name() == setting.environment_name()) {
      log::fatal("config.declared_twice", {{"setting", setting.name()}});
    }
  }
  if (const auto status = setting.check(setting.default_value()); !status) {
    log::fatal("config.bad_default",
               {{"setting", setting.name()}, {"error", status.error().message()}});
  }
  settings_.emplace(std::string(setting.name()), &setting);
  return *this;
}

Schema& Schema::add(std::span<const SettingBase* const> settings) {
  for (const auto* setting : settings) {
    add(*setting);
  }
  return *this;
}

const SettingBase* Schema::find(std::string_view name) const {
  const auto found = settings_.find(name);
  return found == settings_.end() ? nullptr : found->second;
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (text.starts_with(kPrefix) && equals != std::string_view::npos) {
      out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return out;
}

const Config::Entry& Config::entry(const SettingBase& setting) const {
  const auto found = entries_.find(setting.name());
  if (found == entries_.end() || found->second.setting != &setting) {
    log::fatal("config.not_in_schema", {{"setting", setting.name()}});
  }
  return found->second;
}

const SettingValue& Config::value(const SettingBase& setting) const {
  return entry(setting).value;
}

Origin Config::origin(const SettingBase& setting) const {
  return entry(setting).origin;
}

Config::Difference Config::difference(const Config& newer) const {
  Difference out;
  for (const auto& [name, entry] : entries_) {
    const auto other = newer.entries_.find(name);
    if (other == newer.entries_.end() || other->second.value == entry.value) {
      continue;
    }
    const bool reload = entry.setting->apply() == Apply::reload;
    (reload ? out.reloadable : out.need_restart).push_back(name);
  }
  return out;
}

std::string Config::print(Secrets secrets) const {
  // By table, because TOML knows each table once; keys without one come first.
  std::map<std::string, std::string> tables;
  for (const auto& [name, entry] : entries_) {
    const auto dot = name.rfind('.');
    const auto key = dot == std::string::npos ? name : name.substr(dot + 1);
    const bool empty = entry.value == SettingValue(std::string());
    const bool mask = secrets == Secrets::masked && entry.setting->secret() && !empty;
    tables[dot == std::string::npos ? "" : name.substr(0, dot)] +=
        "# " + printable(entry.setting->description()) + "\n# Expects " +
        printable(entry.setting->expectation()) + "; a change needs a " +
        (entry.setting->apply() == Apply::reload ? "reload" : "restart") + ". From " +
        printable(entry.place) + ".\n" + key + " = " +
        (mask ? toml_string(kMask) : to_toml(entry.value)) + "\n";
  }
  std::string out;
  for (const auto& [table, lines] : tables) {
    out += out.empty() ? "" : "\n";
    out += (table.empty() ? "" : "[" + table + "]\n") + lines;
  }
  return out;
}

namespace {

// A value with the place it came from, before it is known to be right.
struct Candidate {
  const SettingBase* setting;
  SettingValue value;
  Origin origin;
  std::string place;
};

class Loader {
 public:
  explicit Loader(const Schema& schema) : schema_(schema) {}

  void load_file(const std::filesystem::path& path);
  void load_environment(const std::vector<std::pair<std::string, std::string>>& variables);
  void load_overrides(const std::vector<std::string>& overrides);

  std::vector<Candidate> candidates;
  std::vector<std::string> problems;

 private:
  void take(const SettingBase& setting, Result<SettingValue> value, Origin origin,
            std::string place, std::string_view shown);
  void take_text(const SettingBase& setting, std::string_view text, Origin origin,
                 std::string place);
  void take_secret_file(const SettingBase& setting, const std::string& path, std::string place);
  void unknown(std::string_view what, std::string_view name, const std::string& place,
               const std::vector<std::string>& known);
  std::vector<std::string> names() const;

  const Schema& schema_;
};

std::vector<std::string> Loader::names() const {
  std::vector<std::string> out;
  for (const auto& [name, setting] : schema_.all()) {
    out.push_back(name);
  }
  return out;
}

void Loader::unknown(std::string_view what, std::string_view name, const std::string& place,
                     const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto near = nearest(name, views);
  problems.push_back(place + ": unknown " + std::string(what) + " " + in_quotes(name) +
                     (near.empty() ? "" : "; did you mean " + in_quotes(near) + "?"));
}

// Values of secrets are never repeated in a message.
void Loader::take(const SettingBase& setting, Result<SettingValue> value, Origin origin,
                  std::string place, std::string_view shown) {
  auto status = value ? setting.check(*value) : Status(fail(value.error()));
  if (!status) {
    const auto what = setting.secret() ? std::string("the value") : std::string(shown);
    problems.push_back(place + ": " + std::string(setting.name()) + ": " + what +
                       " is not right: expected " + setting.expectation());
    return;
  }
  candidates.push_back({&setting, std::move(*value), origin, std::move(place)});
}

void Loader::take_text(const SettingBase& setting, std::string_view text, Origin origin,
                       std::string place) {
  take(setting, from_text(setting.default_value(), text), origin, std::move(place),
       in_quotes(text));
}

// TOML has numbers, flags and lists of its own; everything else is written as a string.
struct FromToml {
  const SettingValue& like;

  Result<SettingValue> operator()(TomlEntry::Unsupported) const {
    return fail(Errc::bad_config, "no such type");
  }
  Result<SettingValue> operator()(const std::string& text) const {
    const bool native =
        std::holds_alternative<bool>(like) || std::holds_alternative<std::int64_t>(like) ||
        std::holds_alternative<double>(like) || std::holds_alternative<StringList>(like);
    return native ? Result<SettingValue>(SettingValue(text)) : from_text(like, text);
  }
  Result<SettingValue> operator()(std::int64_t number) const {
    if (std::holds_alternative<double>(like)) {
      return SettingValue(static_cast<double>(number));
    }
    if (std::holds_alternative<ByteSize>(like)) {
      return from_text(like, std::to_string(number));
    }
    return SettingValue(number);
  }
  template <class T>
  Result<SettingValue> operator()(const T& value) const {
    return SettingValue(value);
  }
};

struct ShowToml {
  std::string operator()(TomlEntry::Unsupported) const { return "the value"; }
  template <class T>
  std::string operator()(const T& value) const {
    return printable(to_text(SettingValue(value)));
  }
};

void Loader::load_file(const std::filesystem::path& path) {
  auto entries = read_toml_file(path);
  if (!entries) {
    problems.push_back(entries.error().message());
    return;
  }
  for (const auto& entry : *entries) {
    auto place = path.string() + ":" + std::to_string(entry.line);
    const auto* setting = schema_.find(entry.name);
    if (setting == nullptr) {
      unknown("setting", entry.name, place, names());
      continue;
    }
    take(*setting, std::visit(FromToml{setting->default_value()}, entry.value), Origin::file,
         std::move(place), std::visit(ShowToml{}, entry.value));
  }
}

void Loader::take_secret_file(const SettingBase& setting, const std::string& path,
                              std::string place) {
  const auto content = read_secret_file(path, kMaxSecretFile);
  if (!content) {
    problems.push_back(place + ": " + content.error().message());
    return;
  }
  auto text = as_text(content->expose());
  // Editors and `echo` end a file with a line break.
  while (text.ends_with('\n') || text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  take_text(setting, text, Origin::environment, std::move(place));
}

void Loader::load_environment(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::map<std::string, const SettingBase*, std::less<>> direct;
  std::map<std::string, const SettingBase*, std::less<>> from_file;
  std::vector<std::string> known;
  for (const auto& [name, setting] : schema_.all()) {
    direct.emplace(setting->environment_name(), setting);
    known.push_back(setting->environment_name());
    if (setting->secret()) {
      known.push_back(setting->environment_name() + std::string(kFileSuffix));
      from_file.emplace(known.back(), setting);
    }
  }
  for (const auto& [name, text] : variables) {
    if (!name.starts_with(kPrefix) || name == kConfigVariable) {
      continue;
    }
    if (const auto found = direct.find(name); found != direct.end()) {
      take_text(*found->second, text, Origin::environment, name);
    } else if (const auto file = from_file.find(name); file != from_file.end()) {
      take_secret_file(*file->second, text, name);
    } else {
      unknown("variable", name, "environment", known);
    }
  }
}

void Loader::load_overrides(const std::vector<std::string>& overrides) {
  for (const auto& text : overrides) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      problems.push_back("--set: " + in_quotes(text) + " is not name=value");
      continue;
    }
    const auto name = text.substr(0, equals);
    if (const auto* setting = schema_.find(name)) {
      take_text(*setting, std::string_view(text).substr(equals + 1), Origin::flag, "--set");
    } else {
      unknown("setting", name, "--set", names());
    }
  }
}

}  // namespace

Result<Config> load_config(const Schema& schema, const ConfigSources& sources) {
  Loader loader(schema);
  if (sources.file) {
    loader.load_file(*sources.file);
  }
  loader.load_environment(sources.environment);
  loader.load_overrides(sources.overrides);
  if (!loader.problems.empty()) {
    std::string message;
    for (const auto& problem : loader.problems) {
      message += (message.empty() ? "" : "\n") + problem;
    }
    return fail(Errc::bad_config, std::move(message));
  }
  Config config;
  for (const auto& [name, setting] : schema.all()) {
    config.entries_.emplace(
        name, Config::Entry{setting, setting->default_value(), Origin::default_value, "default"});
  }
  // In rising order: the last one wins.
  for (auto& candidate : loader.candidates) {
    auto& entry = config.entries_.at(std::string(candidate.setting->name()));
    entry.value = std::move(candidate.value);
    entry.origin = candidate.origin;
    entry.place = std::move(candidate.place);
  }
  return config;
}

}  // namespace unhidra::runtime
