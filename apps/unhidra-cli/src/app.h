#pragma once
// One run of the program: the commands over profile, engine and connection.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "driver.h"
#include "options.h"
#include "output.h"

namespace unhidra::cli {

class App {
 public:
  App(Options options, const Surroundings& around);
  ~App();
  Status run();
  Output& output() { return output_; }

 private:
  // ---- opening (app.cpp) ----
  Status open_profile();
  Status apply_trust();
  Status open_store();
  Status open_engine();
  // Profile, store and engine of a device that has logged in.
  Status open_device();
  Status open_connection(bool persistent);
  Status ready_rest();
  Result<SecretBytes> passphrase(bool fresh) const;
  std::string default_profile() const;
  std::string state_directory() const;
  // Runs the connection until the engine has nothing more to do.
  Status settle(std::chrono::seconds timeout);
  void note_event(const client::Event& event);

  // ---- account and devices (account_commands.cpp) ----
  Status sign_up_or_log_in();
  Result<Tokens> first_tokens(std::string& password);
  Result<Tokens> renew_password(const Tokens& tokens, const std::string& password);
  Status become_device(const Tokens& tokens);
  // The same device with a new session, after the old one has ended.
  Status come_back();
  Status say_account(const char* what);
  Status log_out();
  Status status();
  Status list_devices();
  Status approve_device();
  Status revoke_device();
  Status invite();
  Status verify();
  Result<DeviceId> device_named(const std::vector<DeviceId>& candidates) const;

  // ---- IoT devices of the organisation (iot_commands.cpp) ----
  Status iot();

  // ---- messages (message_commands.cpp) ----
  Status send();
  Status await_sent(MessageId id, UserId peer, const std::string& name);
  Status listen();
  Status history();
  Status export_all();
  Result<client::User> find_user(const std::string& name, bool online);
  Result<std::uint64_t> show_unread(std::optional<UserId> only);
  Status mark_shown(const client::Conversation& conversation);
  Result<std::uint64_t> shown(ConversationId conversation);
  std::string read_text() const;

  // ---- groups (group_commands.cpp) ----
  Status group_command();
  Status list_groups();
  Status create_group();
  Status change_group();
  Status leave_group();
  Status show_members();
  Status rename_group();
  Result<client::Conversation> group_named(std::string_view name) const;
  Result<std::vector<UserId>> users_named();
  // Runs the connection until the change is done; its failure is an error.
  Status await_change(ConversationId group, std::uint64_t change);
  boost::json::object describe_group(const client::Group& group) const;

  // ---- chat (chat.cpp) ----
  Status chat();

  Options options_;
  Surroundings around_;
  Output output_;
  crypto::SystemRandom random_;
  runtime::SystemClock clock_;
  std::optional<Profile> profile_;
  std::unique_ptr<SealedStore> store_;
  std::optional<client::Engine> engine_;
  std::unique_ptr<GenerationFile> generation_;
  std::unique_ptr<Rest> rest_;
  std::unique_ptr<TokenKeeper> tokens_;
  std::unique_ptr<Driver> driver_;
  std::vector<client::Event> events_;  // since the command began, bounded
  std::function<void(const client::Event&)> on_event_;
};

// The whole program; answers the exit code.
int run(int argc, const char* const* argv, const Surroundings& around);

}  // namespace unhidra::cli
