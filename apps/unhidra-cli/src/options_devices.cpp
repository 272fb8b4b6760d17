// What `device` and `hub` take.

#include "option_builder.h"

namespace unhidra::cli {

CLI::App* OptionBuilder::add_iot_action(CLI::App& device, const char* name, const char* help,
                                        IotAction action) {
  auto* out = device.add_subcommand(name, help);
  out->callback([this, action] { options_.iot.action = action; });
  return out;
}

void OptionBuilder::add_iot() {
  auto& iot = options_.iot;
  auto* device = add(app_, "device", "IoT devices of the organisation", Command::iot);
  device->require_subcommand(1);
  device->add_option("--devices", iot.url,
                     "The automation role, as https://host:9300 (default: the server's host)");
  const auto tags = [&iot](CLI::App& command) {
    command.add_option("--type", iot.type, "Type: a word, such as thermostat");
    command.add_option("--group", iot.groups, "Group; may be given several times");
    command.add_option("--label", iot.labels, "Label as name=value; may be given several times");
  };
  const auto named = [&iot](CLI::App& command) {
    command.add_option("device", iot.device, "The device's name, its id, or how the id begins")
        ->required();
  };
  const auto confirmed = [this, named](CLI::App& command) {
    named(command);
    command.add_flag("-y,--yes", options_.yes, "Do not ask");
  };
  tags(*add_iot_action(*device, "list", "List devices, all or by type, group, label",
                       IotAction::list));
  named(
      *add_iot_action(*device, "show", "All about a device and its certificates", IotAction::show));
  auto* added = add_iot_action(*device, "add", "Register a device and make its enrolment code",
                               IotAction::add);
  added->add_option("name", iot.name, "What to call it")->required();
  tags(*added);
  added->add_option("--owner", iot.owner, "Id of the user who owns it (default: nobody)");
  added->add_flag("--encrypted", iot.encrypted, "Its twin is end-to-end encrypted");
  named(*add_iot_action(*device, "code", "Make a new enrolment code; earlier ones are void",
                        IotAction::code));
  auto* rename = add_iot_action(*device, "rename", "Give a device another name", IotAction::rename);
  named(*rename);
  rename->add_option("name", iot.name, "The new name")->required();
  auto* label = add_iot_action(*device, "label", "Set and remove labels", IotAction::label);
  named(*label);
  label->add_option("labels", iot.labels, "Labels to set, as name=value");
  label->add_option("--remove", iot.removed, "Label to remove; may be given several times");
  confirmed(
      *add_iot_action(*device, "revoke", "End a device and its certificates", IotAction::revoke));
  confirmed(*add_iot_action(*device, "delete", "End a device and forget all about it",
                            IotAction::remove));
  add_iot_action(*device, "pending", "List enrolments that wait for approval", IotAction::pending);
  confirmed(*add_iot_action(*device, "approve", "Give a waiting device its certificate",
                            IotAction::approve));
  confirmed(
      *add_iot_action(*device, "deny", "Deny a waiting device its certificate", IotAction::deny));
  auto* twin = add_iot_action(*device, "twin",
                              "Show what is wanted of a device and what it "
                              "reported, or say what is wanted",
                              IotAction::twin);
  named(*twin);
  twin->add_option("--set", iot.desired,
                   "What is wanted, as a JSON object; - is the standard input");
  twin->add_option("--if-version", iot.if_version,
                   "Only when the wanted side still has this version");
  auto* topics = add_iot_action(*device, "topics",
                                "Show or say which topics take end-to-end encrypted payloads "
                                "alone, and where encrypted devices may publish plaintext",
                                IotAction::topics);
  auto* encrypted = topics->add_option("--encrypted", iot.encrypted_topics,
                                       "Filter of topics that take sealed payloads alone; may be "
                                       "given several times; in place of all before");
  topics->add_flag("--as-server", iot.as_server, "Those of the server's setting again")
      ->excludes(encrypted);
  auto* plaintext = topics->add_option("--plaintext", iot.plaintext_topics,
                                       "Filter of topics where devices that are registered as "
                                       "encrypted may publish plaintext; likewise");
  topics->add_flag("--no-plaintext", iot.no_plaintext, "Nowhere")->excludes(plaintext);
  add_device_groups(*device);
}

CLI::App* OptionBuilder::add_device_group(CLI::App& parent, const char* name, const char* help,
                                          IotAction action) {
  auto* out = add_iot_action(parent, name, help, action);
  if (action != IotAction::group_list) {
    out->add_option("group", options_.iot.group, "Name of the device group")->required();
  }
  return out;
}

void OptionBuilder::add_device_groups(CLI::App& device) {
  auto& iot = options_.iot;
  add_iot_action(device, "owner", "The key that devices are told when they are commissioned",
                 IotAction::owner);
  auto* command = add_iot_action(device, "command",
                                 "Tell a device to do something, end-to-end encrypted, and wait "
                                 "for its answer",
                                 IotAction::command);
  command->add_option("device", iot.device, "The device's name, its id, or how the id begins")
      ->required();
  command->add_option("words", iot.words, "The command, such as: on; set 21.5")->required();
  command->add_option("--group", iot.group, "Device group (default: the one it is in)");
  command->add_option("--timeout", options_.timeout,
                      "Seconds until the command is void (default: 10)");
  auto* groups = device.add_subcommand("group", "Device groups, whose members share keys");
  groups->require_subcommand(1);
  add_device_group(*groups, "list", "The device groups of this client", IotAction::group_list);
  add_device_group(*groups, "create", "Make one, led by this client", IotAction::group_create)
      ->add_option("--filter", iot.filters, "Topics (default: devices/#); may be repeated");
  auto* adding = add_device_group(*groups, "add", "Let a device in", IotAction::group_add);
  auto* taking =
      add_device_group(*groups, "remove", "Take a device out: new keys", IotAction::group_remove);
  auto* allowing = add_device_group(*groups, "allow", "Say what a device obeys from now on",
                                    IotAction::group_allow);
  for (auto* one : {adding, taking, allowing}) {
    one->add_option("device", iot.device,
                    "The device's name, its id, or how the id begins; a client's whole id")
        ->required();
  }
  adding->add_option("--code", iot.code, "Its two public keys, as it shows them")->required();
  adding->add_option("--role", iot.role, "device, controller, hub or compliance");
  adding->add_option("--allow", iot.rules,
                     "ROLE:COMMAND that the device obeys, ROLE any for all; with ! behind it only "
                     "as answer to a challenge (default: controller:*)");
  allowing->add_option("rules", iot.rules, "As of add; none: it obeys nobody");
  auto* rotating =
      add_device_group(*groups, "rotate", "New keys for the same members", IotAction::group_rotate);
  auto* older =
      rotating->add_option("--older-than", iot.older_than, "Only when they are so many hours old");
  older->check(CLI::Range(0.0, 8760.0));
  rotating
      ->add_option("--every", iot.every,
                   "Not now, but by itself whenever they are so many hours old (at first 168; 0: "
                   "never), while this client runs and leads the group")
      ->check(CLI::Range(0.0, 8760.0))
      ->excludes(older);
  add_device_group(*groups, "accept", "Take the keys that wait for this client",
                   IotAction::group_accept);
}

void OptionBuilder::add_hub() {
  auto* hub =
      add(app_, "hub", "Run rules, and do what is typed in bridged conversations", Command::hub);
  hub->add_option("file", options_.hub_file, "Bridges and rules, as JSON")
      ->type_name("FILE")
      ->required();
  hub->add_option("--timeout", options_.timeout, "End after so many seconds");
  auto* listen = hub->add_option("--listen", options_.hub_listen,
                                 "Take commands by HTTP too, at this address of this machine");
  listen->needs(hub->add_option("--token-file", options_.hub_token_file,
                                "What programs have to show for that: at least 32 characters")
                    ->type_name("FILE"));
}

}  // namespace unhidra::cli
