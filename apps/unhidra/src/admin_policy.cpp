// `unhidra admin policy ...`: versions of the topic policy in the database.
#include <algorithm>
#include <cstdio>

#include "unhidra/automation/policy_administration.h"
#include "unhidra/base/text.h"
#include "unhidra/policy/bundle.h"
#include "unhidra/policy/documents.h"

#include "admin_output.h"
#include "commands.h"
#include "errc.h"
#include "workplace.h"

namespace unhidra::server {
namespace {

using automation::PolicyAdministration;
using policy::store::VersionInfo;
using rego::Value;

// A command's place of work: one organisation's policies.
struct PolicyPlace {
  std::unique_ptr<Workplace> workplace;
  std::unique_ptr<PolicyAdministration> policies;
  OrgId org;
};

Result<PolicyPlace> open(const SourceOptions& sources, const AdminOptions& options) {
  PolicyPlace out;
  UNHIDRA_TRY(out.workplace, open_workplace(sources));
  auto& place = *out.workplace;
  UNHIDRA_TRY(out.org, place.administration->organization_id(options.organization));
  out.policies = std::make_unique<PolicyAdministration>(
      *place.database, automation::PolicySettings::from(*place.config),
      automation::decision_log_file(place.data_directory), place.clock, place.random);
  return out;
}

Value text(std::string_view value) {
  return Value::string(std::string(value));
}
Value count(std::uint64_t value) {
  return Value::integer(static_cast<std::int64_t>(value));
}

void print_json(const Value& value) {
  std::printf("%s\n", rego::value_to_json_lines(value).c_str());
}

std::vector<std::string> cells(const VersionInfo& info) {
  return {std::to_string(info.version), info.revision, time_text(info.created_at),
          time_text(info.activated_at), info.active ? "yes" : "no"};
}
const std::vector<std::string> kHeadings{"version", "revision", "created_at", "activated_at",
                                         "active"};

int print_version(const VersionInfo& info, bool json) {
  std::vector<std::pair<std::string, std::string>> fields;
  const auto values = cells(info);
  for (std::size_t i = 0; i < values.size(); ++i) {
    fields.emplace_back(kHeadings[i], values[i]);
  }
  print_fields(fields, json);
  return 0;
}

const char* word(bool allowed) {
  return allowed ? "allow" : "deny";
}

// What one decision was and would be.
void print_change(std::string_view when, bool was_allowed, bool allowed, std::string_view ground,
                  const Value& input) {
  std::printf("%s  %s -> %s", printable(when).c_str(), word(was_allowed), word(allowed));
  if (ground != "policy") {
    std::printf(" (%s)", printable(ground).c_str());
  }
  std::printf("  %s\n", printable(rego::value_to_json(input)).c_str());
}

Value change_value(std::string_view when, bool was_allowed, bool allowed, std::string_view ground,
                   const Value& input) {
  return Value::object({{text("at"), text(when)},
                        {text("was_allowed"), Value::boolean(was_allowed)},
                        {text("allowed"), Value::boolean(allowed)},
                        {text("ground"), text(ground)},
                        {text("input"), input}});
}

// Texts of policies may hold what a terminal would obey.
void print_lines(std::string_view told) {
  while (!told.empty()) {
    const auto end = std::min(told.find('\n'), told.size());
    std::string line(told.substr(0, end));
    std::ranges::replace(line, '\t', ' ');
    std::fprintf(stderr, "%s\n", printable(line).c_str());
    told.remove_prefix(std::min(end + 1, told.size()));
  }
}

Result<policy::Documents> documents_of(const AdminOptions& options) {
  policy::Documents out;
  if (options.bundle) {
    policy::BundleTrust trust;
    if (!options.keys.empty()) {
      UNHIDRA_TRY(trust, policy::read_bundle_keys(options.keys));
    }
    if (options.paths.size() != 1) {
      return fail(Errc::bad_option, "--bundle takes one path");
    }
    UNHIDRA_TRY(out, policy::load_bundle(options.paths.front(), trust));
  } else {
    UNHIDRA_TRY(out, policy::load_paths(options.paths));
  }
  if (!options.revision.empty()) {
    out.revision = options.revision;
  }
  return out;
}

}  // namespace

Result<int> admin_list_policies(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto versions, place.policies->versions(place.org));
  Table table(kHeadings);
  for (const auto& info : versions) {
    table.add(cells(info));
  }
  table.print(options.json);
  if (place.policies->source() != automation::PolicySource::database) {
    std::fprintf(stderr, "Versions decide nothing: automation.policy_source is %s.\n",
                 std::string(to_string(place.policies->source())).c_str());
  }
  return 0;
}

Result<int> admin_check_policy(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  auto version = options.version;
  if (version == 0) {
    UNHIDRA_TRY(const auto versions, place.policies->versions(place.org));
    const auto active = std::ranges::find(versions, true, &VersionInfo::active);
    version = active == versions.end() ? 0 : active->version;
  }
  rego::ProblemList problems;
  if (version != 0) {
    UNHIDRA_TRY(const auto found, place.policies->find(place.org, version));
    auto policies = rego::PolicySet::check(found.documents.modules,
                                           place.policies->compile_limit().options(found.syntax));
    if (!policies) {
      problems = std::move(policies.error());
    }
  }
  if (options.json) {
    std::vector<Value> errors;
    for (const auto& problem : problems) {
      errors.push_back(text(rego::to_text(problem)));
    }
    print_json(Value::object({{text("version"), Value::integer(version)},
                              {text("compiles"), Value::boolean(problems.empty())},
                              {text("errors"), Value::array(std::move(errors))}}));
    return problems.empty() ? 0 : 1;
  }
  if (version == 0) {
    std::puts("No version is in force.");
  } else if (problems.empty()) {
    std::printf("Version %lld compiles.\n", static_cast<long long>(version));
  } else {
    std::fprintf(stderr, "Version %lld does not compile: in force it denies everything.\n",
                 static_cast<long long>(version));
    for (const auto& problem : problems) {
      print_lines(rego::to_text(problem));
    }
  }
  return problems.empty() ? 0 : 1;
}

Result<int> admin_show_policy(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto found, place.policies->find(place.org, options.version));
  const auto* syntax = found.syntax == rego::Syntax::v0 ? "v0" : "v1";
  if (options.json) {
    std::vector<Value> modules;
    for (const auto& module : found.documents.modules) {
      std::vector<Value::Member> members{{text("file"), text(module.file)},
                                         {text("text"), text(module.text)}};
      if (module.syntax) {  // otherwise the version's
        members.emplace_back(text("syntax"),
                             text(*module.syntax == rego::Syntax::v0 ? "v0" : "v1"));
      }
      modules.push_back(Value::object(std::move(members)));
    }
    print_json(Value::object({{text("version"), Value::integer(found.version)},
                              {text("revision"), text(found.documents.revision)},
                              {text("syntax"), text(syntax)},
                              {text("modules"), Value::array(std::move(modules))},
                              {text("data"), found.documents.data}}));
    return 0;
  }
  print_fields({{"version", std::to_string(found.version)},
                {"revision", found.documents.revision},
                {"syntax", syntax}},
               false);
  for (const auto& module : found.documents.modules) {
    std::printf("\n# %s\n", printable(module.file).c_str());
    for (std::size_t at = 0; at < module.text.size();) {
      const auto end = std::min(module.text.find('\n', at), module.text.size());
      std::puts(printable(std::string_view(module.text).substr(at, end - at)).c_str());
      at = end + 1;
    }
  }
  if (found.documents.data.size() != 0) {
    std::printf("\n# data\n%s\n", rego::value_to_json_lines(found.documents.data).c_str());
  }
  return 0;
}

Result<int> admin_add_policy(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(auto documents, documents_of(options));
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(auto info, place.policies->add(place.org, std::move(documents),
                                             options.v0 ? rego::Syntax::v0 : rego::Syntax::v1));
  if (options.now) {
    UNHIDRA_TRY(info, place.policies->activate(place.org, info.version));
  }
  return print_version(info, options.json);
}

Result<int> admin_activate_policy(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto info, place.policies->activate(place.org, options.version));
  return print_version(info, options.json);
}

Result<int> admin_roll_back_policy(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto info, place.policies->roll_back(place.org));
  return print_version(info, options.json);
}

Result<int> admin_dry_run_policy(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto run, place.policies->dry_run(place.org, options.version, options.limit));
  if (options.json) {
    std::vector<Value> items;
    for (const auto& change : run.changed) {
      items.push_back(change_value(change.timestamp, change.was_allowed, change.now.allowed,
                                   to_string(change.now.ground), change.input));
    }
    print_json(Value::object({{text("decisions"), count(run.decisions)},
                              {text("without_input"), count(run.without_input)},
                              {text("changes"), count(run.changes)},
                              {text("items"), Value::array(std::move(items))}}));
    return 0;
  }
  for (const auto& change : run.changed) {
    print_change(change.timestamp, change.was_allowed, change.now.allowed,
                 to_string(change.now.ground), change.input);
  }
  std::printf("%zu decisions, %zu would change\n", run.decisions, run.changes);
  if (run.without_input != 0) {
    std::printf("%zu were logged without their input and cannot be asked again\n",
                run.without_input);
  }
  return 0;
}

Result<int> admin_show_policy_shadow(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto report, place.policies->shadow(place.org, options.limit));
  const auto shadow = report.shadow.value_or(policy::store::Shadow());
  if (options.json) {
    std::vector<Value> items;
    for (const auto& one : report.differences) {
      items.push_back(change_value(to_rfc3339(one.last_at), one.was_allowed, !one.was_allowed,
                                   one.ground, one.input));
    }
    print_json(Value::object({{text("version"), Value::integer(shadow.version)},
                              {text("asked"), count(shadow.asked)},
                              {text("differing"), count(shadow.differing)},
                              {text("items"), Value::array(std::move(items))}}));
    return 0;
  }
  for (const auto& one : report.differences) {
    print_change(to_rfc3339(one.last_at), one.was_allowed, !one.was_allowed, one.ground, one.input);
  }
  print_fields({{"version", shadow.version == 0 ? "none" : std::to_string(shadow.version)},
                {"asked", std::to_string(shadow.asked)},
                {"differing", std::to_string(shadow.differing)}},
               false);
  return 0;
}

Result<int> admin_start_policy_shadow(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY(const auto info, place.policies->start_shadow(place.org, options.version));
  return print_version(info, options.json);
}

Result<int> admin_end_policy_shadow(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open(sources, options));
  UNHIDRA_TRY_VOID(place.policies->end_shadow(place.org));
  print_fields({{"shadow", "none"}}, options.json);
  return 0;
}

}  // namespace unhidra::server
