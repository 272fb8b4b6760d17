#pragma once
// One run of the program: the commands over profile, engine and connection.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "driver.h"
#include "file_transfer.h"
#include "import/slack.h"
#include "mqtt_link.h"
#include "options.h"
#include "output.h"
#include "pending_files.h"

namespace unhidra::cli {

class DevicePost;

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
  std::string gateway_url() const;
  Status ready_rest();
  Result<SecretBytes> passphrase(bool fresh) const;
  Result<crypto::Argon2Cost> passphrase_cost() const;  // of a new profile; Errc::usage
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

  // ---- after the loss of all devices (recovery_commands.cpp) ----
  Status show_recovery_code();
  Status recover();
  Status begin_anew();
  Result<SecretBytes> recovery_code_from_person() const;

  // ---- old messages for a new device (history_commands.cpp) ----
  Status receive_history();
  Status send_history();
  Result<DeviceId> other_device();
  Result<std::optional<client::HistoryTransfer>> history_transfer(DeviceId device,
                                                                  bool receiving) const;
  Status await_history(DeviceId device, bool receiving, std::chrono::seconds patience,
                       const std::function<bool(const client::HistoryTransfer&)>& done);
  Status show_history_done(DeviceId device, bool receiving);
  Result<std::string> history_code_from_person() const;

  // ---- IoT devices of the organisation (iot_commands.cpp) ----
  Status iot();

  // ---- device groups (device_commands.cpp) ----
  Result<std::unique_ptr<MqttLink>> open_broker(boost::asio::io_context& context);
  // device_keys.cpp
  Status tell_members(const client::DeviceGroupView& before);
  Status tell_epoch(DevicePost& post, DeviceGroupId group);
  Status tell_anew(DevicePost& post, DeviceId device);
  // Keys that are due by time, and epochs that nobody was told of because a run was cut off. Asks
  // nobody when there is nothing to do.
  Status look_after_groups();
  Status change_members(const client::DeviceGroupView& group,
                        std::vector<identity::GroupMember> members, client::DeviceRules rules);
  Result<client::DeviceGroupView> device_group_named() const;
  Result<DeviceGroupId> group_with(DeviceId device) const;
  Status accept_group();
  // What needs no device of the registry, and what does.
  Status device_groups_action();
  Status device_in_group(const boost::json::object& device);
  Status command_device(DeviceId device, const std::string& name);
  // Over the pairwise channel with the device when there is one, as after this call there is when
  // the device has published prekeys.
  Result<bool> command_by_channel(MqttLink& link, DeviceId device);
  // sealed_twin.cpp: what was sealed for a group of this client.
  void open_twin(DeviceId device, boost::json::object& twin);
  Result<std::optional<Bytes>> seal_desired(DeviceId device, const boost::json::value& document,
                                            const boost::json::object& twin);
  void open_side(boost::json::object& side, const std::string& topic,
                 const std::function<bool(const identity::GroupMember&)>& is_its);
  // hub.cpp
  Status run_hub();

  // ---- messages (message_commands.cpp) ----
  Status send();
  Status await_sent(MessageId id, UserId peer, const std::string& name);
  Status listen();
  Status show_online();
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
  Status share_history();
  Status read_earlier(ConversationId group, std::uint64_t wanted);
  Status reset_group();
  Result<client::Conversation> group_named(std::string_view name) const;
  Result<std::vector<UserId>> users_named();
  // Runs the connection until the change is done; its failure is an error.
  Status await_change(ConversationId group, std::uint64_t change);
  boost::json::object describe_group(const client::Group& group) const;
  // Asks the server for members' names that are not known here. Without it they stay ids, and the
  // person is told why.
  void learn_member_names(const client::Group& group);

  // ---- from other systems (import_commands.cpp) ----
  Status import_slack();
  Result<std::vector<slack::Channel>> wanted_channels(const slack::Directory& directory) const;
  Result<std::map<std::string, UserId>> people_of(const slack::Directory& directory);
  Result<ConversationId> target_channel(const slack::Channel& channel,
                                        const std::map<std::string, UserId>& people);
  MessageId imported_id(const slack::Channel& channel, std::string_view ts, std::size_t part) const;
  Status import_channel(const ExportSource& source, const slack::Directory& directory,
                        const slack::Channel& channel, const std::map<std::string, UserId>& people);
  Result<bool> import_message(const ExportSource& source, const slack::Channel& channel,
                              ConversationId target, const slack::Message& message, bool in_thread);
  Result<std::vector<e2ee::AttachmentDescriptor>> upload_exported(const ExportSource& source,
                                                                  ConversationId target,
                                                                  const slack::Message& message,
                                                                  std::string& body);
  std::string plain_file() const;
  Status await_empty_outbox();

  // ---- messages that are there (chat_commands.cpp) ----
  Status message_command();
  Status act_on(const client::Conversation& place, const client::Message& message);
  Status await_action(MessageId action);
  Status flush_outbox();
  Status show_thread(const client::Conversation& place, const client::Message& root);
  Status show_edits(const client::Conversation& place, const client::Message& message);
  Status discard(const client::Conversation& place, const client::Message& message);
  Status show_readers(const client::Conversation& place, const client::Message& message);
  Status export_versions();
  Status list_threads();
  Status set_receipts(bool sent);
  Status auto_follow();
  Status search();
  Result<client::Conversation> place_named(const std::string& name);
  Result<client::Message> message_named(const client::Conversation& conversation,
                                        const std::string& name) const;

  // ---- emoji with pictures (emoji_commands.cpp) ----
  Status emoji_command(const client::Conversation& place);
  Status list_emoji(ConversationId conversation);
  struct EmojiPicture {
    Bytes content;
    std::string media_type;
    e2ee::Dimensions size;
  };
  Result<EmojiPicture> emoji_picture(const std::string& path);
  Status add_emoji(const client::Conversation& place);
  Status take_emoji_back(ConversationId place);

  // ---- files (file_commands.cpp) ----
  Status file_command();
  Status send_files();
  Status resume_files();
  Status list_files();
  Status save_file();
  // The folder of uploads that are under way.
  Status ready_spool() const;
  Result<client::Conversation> place_to_send_to();
  Result<PendingFiles> seal_files(ConversationId conversation);
  // Of the plaintext: exactly so many bytes from there on.
  using PlainReader = std::function<Result<Bytes>(std::uint64_t at, std::size_t count)>;
  Result<e2ee::SealedObject> seal_object(std::uint64_t size, const PlainReader& read);
  // `media_type` empty or none: by the name.
  Result<e2ee::AttachmentDescriptor> seal_file(const std::string& path, const std::string& name,
                                               const std::string& media_type);
  Status add_picture(e2ee::AttachmentDescriptor& file, const std::string& path);
  Result<std::optional<e2ee::ScanVerdict>> scan_file(const std::string& path,
                                                     crypto::FileDigest& scanned);
  Status finish_files(const PendingFiles& pending);
  // `resumed_with`: what the person is told beside how to stop.
  FileTransfer transfer_of(const std::string& name, const char* resumed_with);
  Status upload_sealed(const e2ee::AttachmentDescriptor& file, ConversationId conversation);
  std::string spool_file(e2ee::FileId id) const;
  void drop_pending(const PendingFiles& pending);
  void drop_spooled(e2ee::FileId id) const;
  void drop_spooled(const e2ee::AttachmentDescriptor& file) const;

  // ---- spaces and channels (place_commands.cpp) ----
  Status place_command();
  Status list_channels();
  Status show_channel(const wire::Channel& channel);
  Status create_channel();
  // Made, at the server too, and everybody in it.
  Result<ConversationId> make_channel(const client::NewChannel& channel);
  Status join_channel(const wire::Channel& channel);
  Status change_group_of(const wire::Channel& channel);
  Status change_channel(const wire::Channel& channel);
  Status spaces();
  Status change_space();
  Status chat_policy();
  Result<client::PlaceAnswerBody> ask_place(client::PlaceRequest request);
  Result<std::vector<wire::Channel>> channels_listed(wire::ListChannels query);
  Result<std::vector<wire::Space>> spaces_listed();
  Result<wire::Channel> channel_named(const std::string& name);
  Result<wire::Space> space_named(const std::string& name);
  std::string name_of(const wire::Channel& channel) const;

  // ---- whom one can write to, and the own name (people_commands.cpp) ----
  Status search_people();
  Status own_profile();

  // ---- who is online (presence_commands.cpp) ----
  Status show_presence();
  Result<std::vector<UserId>> people_to_watch();

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
