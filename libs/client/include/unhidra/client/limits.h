#pragma once
// Every bound of the engine in one place. The defaults are what the product ships.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace unhidra::client {

struct Limits {
  std::size_t max_text = 16 * 1024;      // bytes of one text message
  std::size_t max_outbox = 1000;         // messages waiting to be accepted by the server
  std::size_t max_held = 200;            // messages kept closed for a peer with a new identity
  std::size_t max_inbox_buffer = 1000;   // inbox entries received and not processed yet
  std::size_t max_in_flight_sends = 16;  // one a conversation, this many conversations
  std::size_t max_frame = 1024 * 1024;   // bytes of one ServerFrame
  std::size_t max_requests = 48;         // under way at once; a gateway takes 64 of a connection
  std::uint32_t inbox_page = 100;
  // An acknowledgement is a durable write of the server: entries that came as events are
  // acknowledged together, when there are this many or the first has waited this long.
  std::uint64_t acknowledge_batch = 32;
  std::chrono::seconds acknowledge_after{1};

  bool receipts = true;                      // sent unless Engine::set_receipts says otherwise
  std::size_t max_receipt_members = 50;      // of a group; in larger ones they are counted
  std::chrono::seconds receipt_interval{2};  // at most one to a conversation in this time
  // In larger groups each device reports to the server, which counts. All members together report
  // about so often in a second, so each of them the less often the more they are.
  std::uint32_t receipt_reports_per_second = 100;
  std::chrono::seconds receipt_report_interval{5};   // of one device and conversation, at least
  bool spread_reports = true;                        // off: at once, by a client that ends soon
  std::size_t max_receipt_counts = 50;               // messages whose counts are asked for at once
  std::chrono::seconds receipt_counts_interval{5};   // between two questions, at least; more while
  std::chrono::seconds receipt_counts_patience{60};  // nothing changes, up to this
  std::chrono::seconds read_sync_interval{2};        // likewise to the own other devices
  std::chrono::seconds typing_interval{3};           // typing is told again after this time
  std::chrono::seconds typing_lifetime{8};           // and believed for this long
  std::size_t max_watched = 2'000;         // people whose presence is told, as at the server
  std::size_t max_reactions = 2000;        // kept of one message
  std::size_t max_reaction_pictures = 50;  // different ones at one message
  std::size_t max_thread_participants = 100;
  std::size_t max_follow_rules = 10'000;  // conversations with one of their own
  std::size_t max_unread = 10'000;        // kept of one conversation; the oldest go first
  std::size_t max_search_hits = 1000;
  std::size_t max_search_texts = std::size_t{48} << 20;  // bytes kept in memory for searches

  std::uint32_t pre_key_target = 100;   // one-time prekeys the server should hold
  std::uint32_t pre_key_low = 50;       // refill below this
  std::size_t max_one_time_keys = 400;  // private parts kept; the oldest go first
  std::chrono::hours signed_pre_key_age{24 * 7};
  std::chrono::hours signed_pre_key_grace{24 * 30};  // how long a replaced one still opens sessions
  std::chrono::hours max_bundle_age{24 * 180};  // no session is started on an older signed prekey

  std::uint32_t key_package_target = 50;  // KeyPackages the server should hold
  std::uint32_t key_package_low = 20;     // refill below this
  std::size_t max_key_packages = 300;     // private parts kept; the oldest go first
  std::chrono::hours key_package_lifetime{24 * 84};
  std::chrono::hours leaf_update_age{24 * 7};  // a device renews its keys in a group this often
  std::size_t past_epochs = 6;                 // whose messages can still be read
  std::size_t max_group_name = 256;            // bytes
  std::size_t max_group_log_buffer = 1000;     // log entries received and not processed yet
  std::size_t max_group_changes = 100;         // waiting, of one group
  std::uint32_t group_log_page = 100;
  std::size_t max_open_leaves = 16'384;  // of all groups whose MLS states are kept in memory
  std::size_t max_group_logs = 16;       // asked for at once, beside those of Engine::put_first
  std::size_t max_first = 50;            // conversations that Engine::put_first takes
  // After a group was begun anew its members wait so long for the others before they write: who is
  // not in yet could not read it. Each that comes in at the same time as another tries again.
  std::chrono::seconds reset_patience{30};
  // Who is to come into a group and has no device yet is asked for again for so long.
  std::chrono::seconds device_patience{20};
  // Devices that one commit adds; more come in with the commits after it. An addition has some 600
  // bytes, the path of a commit up to 83 for each member, and the server takes 1,000 KiB: enough
  // for both in a group of 10,000 in which nobody has renewed his keys yet.
  std::size_t max_additions = 256;
  std::size_t max_ratchet_tree = std::size_t{16} << 20;  // bytes
  // Who commits what nobody in particular has to: the first device at once, the others one after
  // the other so much later.
  std::chrono::seconds commit_turn{2};
  std::uint32_t max_change_attempts = 20;
  std::chrono::minutes rejoin_interval{1};  // at most one repair by external commit in this time

  // A device group's keys are new this often, if nothing else was said of the group.
  std::chrono::seconds device_key_age{std::chrono::hours(24 * 7)};

  // History for a new device.
  std::size_t max_history_messages = 20'000;  // of one conversation, the newest
  std::size_t history_window = 4;             // chunks under way
  std::chrono::minutes history_code_life{10};
  std::chrono::seconds history_patience{30};  // then a missing chunk is asked for again

  std::uint32_t max_stale_rounds = 5;  // answers "stale devices" in a row before waiting
  std::uint32_t max_send_attempts = 12;
  std::chrono::seconds first_retry{1};
  std::chrono::seconds last_retry{300};
  std::chrono::seconds request_timeout{30};
  std::chrono::hours reset_interval{1};  // at most one SessionReset to one device in this time
};

}  // namespace unhidra::client
