// The server's command line.

#include <cstdio>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "policy/line.h"
#include "unknown_command.h"

namespace unhidra::server {
namespace {

using Action = std::function<Result<int>()>;

struct CommandLine {
  SourceOptions sources;
  ServeOptions serving;
  AdminOptions administration;
  bool show_secrets = false;
  Action action;
};

void add_sources(CLI::App& app, CommandLine& line) {
  app.add_option("--config", line.sources.config_file, "TOML file with settings")
      ->check(CLI::ExistingFile);
  app.add_option("--data-dir", line.sources.data_directory, "Directory of the server's data");
  app.add_option("--set", line.sources.overrides,
                 "NAME=VALUE: one setting, above all other sources")
      ->take_all()
      ->allow_extra_args(false);
  app.fallthrough();
}

void add_serve(CLI::App& app, CommandLine& line) {
  auto* serve_command = app.add_subcommand("serve", "Run the server");
  add_sources(*serve_command, line);
  serve_command
      ->add_option("--roles", line.serving.roles,
                   "Roles to run, separated by commas; all without it")
      ->delimiter(',');
  serve_command->add_flag("--next-free-port", line.serving.next_free_port,
                          "When a port is taken, use the next free one (up to 50 further)");
  serve_command->callback(
      [&line] { line.action = [&] { return serve(line.sources, line.serving); }; });
}

void add_config(CLI::App& app, CommandLine& line) {
  auto* config = app.add_subcommand("config", "Look at the configuration");
  add_sources(*config, line);
  config->require_subcommand(1);
  config->add_subcommand("check", "Say what is wrong with it, if anything")->callback([&line] {
    line.action = [&] { return config_check(line.sources); };
  });
  auto* print = config->add_subcommand("print", "The effective values and where they come from");
  print->add_flag("--show-secrets", line.show_secrets, "Do not mask secrets");
  print->callback(
      [&line] { line.action = [&] { return config_print(line.sources, line.show_secrets); }; });
}

using AdminCommand = Result<int> (*)(const SourceOptions&, const AdminOptions&);

CLI::App* admin_word(CLI::App& parent, CommandLine& line, const std::string& name,
                     const std::string& description, AdminCommand command) {
  auto* word = parent.add_subcommand(name, description);
  word->fallthrough();
  word->callback([&line, command] {
    line.action = [&line, command] { return command(line.sources, line.administration); };
  });
  return word;
}

CLI::App* admin_group(CLI::App& parent, const std::string& name, const std::string& description) {
  auto* group = parent.add_subcommand(name, description);
  group->fallthrough();
  group->require_subcommand(1);
  return group;
}

void add_org_option(CLI::App& app, AdminOptions& options) {
  app.add_option("--org", options.organization, "Organisation: name or id; the first without it");
}

void add_admin_users(CLI::App& admin, CommandLine& line) {
  auto& options = line.administration;
  auto* org =
      admin_word(admin, line, "create-org", "Create an organisation", admin_create_organization);
  org->add_option("name", options.name, "Its name")->required();
  auto* user = admin_word(admin, line, "create-user", "Create a user; prints a one-time password",
                          admin_create_user);
  user->add_option("username", options.username, "Login name")->required();
  user->add_option("--display-name", options.display_name, "Name that others see");
  user->add_option("--role", options.role, "super_admin, org_admin, space_admin, member or guest");
  add_org_option(*user, options);
  auto* reset =
      admin_word(admin, line, "reset-password",
                 "Give a user a new one-time password and end his sessions", admin_reset_password);
  reset->add_option("username", options.username, "Login name")->required();
  add_org_option(*reset, options);
}

void add_admin_lists(CLI::App& admin, CommandLine& line) {
  auto& options = line.administration;
  const auto list_and_revoke = [&](const std::string& noun, AdminCommand list_command,
                                   AdminCommand revoke_command) {
    auto* group = admin_group(admin, noun + "s", "List and revoke " + noun + "s");
    auto* list = admin_word(*group, line, "list", "List " + noun + "s", list_command);
    list->add_option("--user", options.username, "Of this user alone");
    add_org_option(*list, options);
    auto* revoke = admin_word(*group, line, "revoke", "Revoke a " + noun, revoke_command);
    revoke->add_option("id", options.id, "The " + noun + "'s id")->required();
  };
  list_and_revoke("device", admin_list_devices, admin_revoke_device);
  list_and_revoke("session", admin_list_sessions, admin_revoke_session);
}

void add_admin_rest(CLI::App& admin, CommandLine& line) {
  auto& options = line.administration;
  auto* keys = admin_group(admin, "keys", "Signing keys of access tokens");
  admin_word(*keys, line, "list", "List signing keys", admin_list_keys);
  auto* rotate =
      admin_word(*keys, line, "rotate",
                 "Publish a new key; it signs once every verifier can know it", admin_rotate_keys);
  rotate->add_flag("--now", options.now, "It signs at once, and the old keys are worth nothing");
  auto* audit = admin_group(admin, "audit", "The audit log");
  auto* verify =
      admin_word(*audit, line, "verify", "Recompute the hash chain; names the first bad row",
                 admin_verify_audit);
  add_org_option(*verify, options);
  auto* messages = admin_word(admin, line, "messages",
                              "What the server stores of messages: ids, times and ciphertext",
                              admin_show_messages);
  messages->add_option("--limit", options.limit, "How many, newest first")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}));
}

void add_admin_authorities(CLI::App& admin, CommandLine& line) {
  auto& options = line.administration;
  auto* group = admin_group(admin, "device-ca", "The authorities that certify devices");
  admin_word(*group, line, "list", "List them, and how many good certificates each has",
             admin_list_authorities);
  auto* rotate = admin_word(*group, line, "rotate",
                            "Make a new one beside the old: both are believed, the new one issues "
                            "in a minute",
                            admin_rotate_authority);
  rotate->add_flag("--now", options.now, "It issues at once");
  rotate->add_option("--pkcs11-key", options.token_label,
                     "Label of a new key pair, where automation.pkcs11_module names a token");
  auto* retire = admin_word(*group, line, "retire",
                            "Believe one no more and forget its key; refused while certificates of "
                            "it are good",
                            admin_retire_authority);
  retire->add_option("generation", options.generation, "Its number")
      ->required()
      ->check(CLI::PositiveNumber);
  retire->add_flag("--revoke", options.revoke,
                   "Revoke those certificates; their devices are cut off");
}

void add_admin_policy(CLI::App& admin, CommandLine& line) {
  auto& options = line.administration;
  auto* group = admin_group(admin, "policy", "Versions of the topic policy in the database");
  const auto command = [&](CLI::App& parent, const char* name, const char* description,
                           AdminCommand what) {
    auto* made = admin_word(parent, line, name, description, what);
    add_org_option(*made, options);
    return made;
  };
  const auto with_version = [&](CLI::App* made) {
    made->add_option("version", options.version, "Its number")
        ->required()
        ->check(CLI::PositiveNumber);
    return made;
  };
  const auto with_limit = [&](CLI::App* made) {
    made->add_option("--limit", options.limit, "How many decisions to show")
        ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}));
  };
  command(*group, "list", "List versions, the newest first", admin_list_policies);
  with_version(command(*group, "show", "Show a version", admin_show_policy));
  auto* check = command(*group, "check",
                        "Say what is wrong with a version for this program, such as after an "
                        "upgrade; 1 when anything is",
                        admin_check_policy);
  check->add_option("version", options.version, "Its number; else the one in force")
      ->check(CLI::PositiveNumber);
  auto* add = command(*group, "add", "Add a version; tells what is wrong with it, all of it",
                      admin_add_policy);
  add->add_option("paths", options.paths, "Files and folders of .rego, .json and .yaml files")
      ->required();
  add->add_option("--revision", options.revision, "What to call it");
  add->add_flag("--v0-compatible", options.v0, "It is written in the syntax of v0");
  auto* bundle = add->add_flag("-b,--bundle", options.bundle, "The path is a bundle");
  add->add_option("--verification-key", options.keys,
                  "File with the public key (JWK or JWK set) that must have signed the bundle")
      ->needs(bundle);
  add->add_flag("--activate", options.now, "Put it in force at once");
  with_version(command(*group, "activate", "Put a version in force", admin_activate_policy));
  command(*group, "rollback", "Put the version in force that was before", admin_roll_back_policy);
  with_limit(with_version(command(*group, "dry-run",
                                  "Which logged decisions a version would make differently",
                                  admin_dry_run_policy)));
  auto* shadow =
      admin_group(*group, "shadow", "A version that is asked beside and decides nothing");
  with_limit(
      command(*shadow, "show", "What it would have decided otherwise", admin_show_policy_shadow));
  with_version(command(*shadow, "start", "Ask a version beside", admin_start_policy_shadow));
  command(*shadow, "end", "Ask none any more", admin_end_policy_shadow);
}

void build(CLI::App& app, CommandLine& line) {
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every command");
  add_serve(app, line);
  add_config(app, line);
  auto* admin = app.add_subcommand("admin", "Administer the server on its own machine");
  add_sources(*admin, line);
  admin->require_subcommand(1);
  admin->add_flag("--json", line.administration.json, "Answer in JSON");
  add_admin_users(*admin, line);
  add_admin_lists(*admin, line);
  add_admin_rest(*admin, line);
  add_admin_authorities(*admin, line);
  add_admin_policy(*admin, line);
  policy_line::add(app, line.action);
  app.add_subcommand("version", "Say which version this is")->callback([&line] {
    line.action = [] {
      std::puts("unhidra " UNHIDRA_VERSION);
      return 0;
    };
  });
}

int run(int argc, char** argv) {
  CLI::App app("Unhidra: end-to-end encrypted chat and automation server", "unhidra");
  CommandLine line;
  build(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    if (const auto told = unknown_command(app, argc, argv)) {
      std::fprintf(stderr, "%s\n", told->c_str());
    } else {
      (void)app.exit(error);
    }
    return 2;
  }
  const auto code = line.action();
  if (!code) {
    // Several problems stand on a line each.
    std::fprintf(stderr, "unhidra: %s\n", code.error().message().c_str());
    return 1;
  }
  return *code;
}

}  // namespace
}  // namespace unhidra::server

int main(int argc, char** argv) {
  return unhidra::server::run(argc, argv);
}
