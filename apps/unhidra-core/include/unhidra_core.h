/* The client engine behind a C interface: what the WebAssembly module exports, and what it asks of
 * its host.
 *
 * The host moves bytes, keeps records, and gives time and randomness; everything else is
 * `client::Engine` (libs/client). A JavaScript host drives it exactly as a native one drives the
 * engine: tell about the connection, feed frames, tick about once a second, and after every call
 * take what is to be done with `unhidra_engine_next`.
 *
 * Calls. Every function answers a number: zero or more is success, less is one of
 * `unhidra_refusal`. All but the memory functions also leave an answer in memory (`unhidra_answer`,
 * `unhidra_answer_size`): JSON in UTF-8, or the bytes that the function names. A refused call
 * leaves {"code","kind","message"}. Nothing that a host passes makes the module trap or read what
 * it does not own; only exhausted memory ends it.
 *
 * Memory. Input spans lie in buffers of `unhidra_buffer_new`, which the host fills, may use for any
 * number of calls, and frees. The answer belongs to the module and stays until the next call that
 * leaves one. What is freed is overwritten first, buffers, answers and the engine's own memory
 * alike.
 *
 * Re-entrancy. One thread. A host function that calls back into the module is answered
 * UNHIDRA_BUSY, and nothing changes.
 *
 * Versions. `unhidra_interface_version` answers major * 65536 + minor. A host accepts its own major
 * with any minor that is not lower than its own: functions, fields and event types are only ever
 * added within a major. Hosts ignore fields and events that they do not know.
 *
 * Text is UTF-8 without a terminating zero. Ids are text in the canonical form of a UUID. Times are
 * microseconds since 1970 (UTC).
 */
#ifndef UNHIDRA_CORE_H
#define UNHIDRA_CORE_H

#include <stdint.h>

#ifdef __wasm__
#define UNHIDRA_EXPORT(name) __attribute__((export_name(#name)))
#define UNHIDRA_IMPORT(name) __attribute__((import_module("unhidra_host"), import_name(#name)))
#else
#define UNHIDRA_EXPORT(name)
#define UNHIDRA_IMPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define UNHIDRA_INTERFACE_MAJOR 1
#define UNHIDRA_INTERFACE_MINOR 6

enum unhidra_refusal {
  UNHIDRA_REFUSED = -1,      /* by the engine: the answer tells why */
  UNHIDRA_BAD_HANDLE = -2,   /* never given out, or closed */
  UNHIDRA_BAD_ARGUMENT = -3, /* a span outside the buffers, a malformed id, a wrong length */
  UNHIDRA_BUSY = -4,         /* called by a host function; the answer is left as it was */
  UNHIDRA_FULL = -5          /* too many engines or buffers, or too large a buffer */
};

/* What `unhidra_engine_next` answers. */
enum unhidra_action {
  UNHIDRA_NOTHING = 0,
  UNHIDRA_FRAME = 1,    /* the answer is a binary frame for the gateway */
  UNHIDRA_EVENT = 2,    /* the answer is an event as JSON: {"type", ...} */
  UNHIDRA_RECONNECT = 3 /* drop the connection and open another one */
};

UNHIDRA_EXPORT(unhidra_interface_version) uint32_t unhidra_interface_version(void);

/* ---- memory ---- */
/* Null when there are 64 already, or for more than 2 MiB. A size of zero is given one byte. */
UNHIDRA_EXPORT(unhidra_buffer_new) uint8_t* unhidra_buffer_new(uint32_t size);
UNHIDRA_EXPORT(unhidra_buffer_free) int32_t unhidra_buffer_free(uint8_t* buffer);
UNHIDRA_EXPORT(unhidra_answer) const uint8_t* unhidra_answer(void);
UNHIDRA_EXPORT(unhidra_answer_size) uint32_t unhidra_answer_size(void);

/* ---- life of an engine; a handle is never given out twice ---- */
/* `store` is passed back to the host's store functions. `key`: 32 bytes that seal the records.
 * `least_generation`: the last generation that the host remembers outside the store; zero for none.
 * Answers a handle. */
UNHIDRA_EXPORT(unhidra_engine_open)
int32_t unhidra_engine_open(uint32_t store, const uint8_t* key, uint32_t key_size,
                            uint64_t least_generation);
UNHIDRA_EXPORT(unhidra_engine_close) int32_t unhidra_engine_close(int32_t engine);
/* Makes this device's keys; once for each store. User and device as the server named them. */
UNHIDRA_EXPORT(unhidra_engine_enroll)
int32_t unhidra_engine_enroll(int32_t engine, const uint8_t* user, uint32_t user_size,
                              const uint8_t* device, uint32_t device_size, const uint8_t* username,
                              uint32_t username_size);
/* {"enrolled","generation","idle"} */
UNHIDRA_EXPORT(unhidra_engine_state) int32_t unhidra_engine_state(int32_t engine);

/* ---- the host's own values, sealed in the same store (tokens, settings) ---- */
/* Answers 1 and the value, or 0. */
UNHIDRA_EXPORT(unhidra_value_get)
int32_t unhidra_value_get(int32_t engine, const uint8_t* name, uint32_t name_size);
UNHIDRA_EXPORT(unhidra_value_put)
int32_t unhidra_value_put(int32_t engine, const uint8_t* name, uint32_t name_size,
                          const uint8_t* value, uint32_t value_size);
UNHIDRA_EXPORT(unhidra_value_remove)
int32_t unhidra_value_remove(int32_t engine, const uint8_t* name, uint32_t name_size);

/* ---- inputs ---- */
UNHIDRA_EXPORT(unhidra_engine_connection_opened)
int32_t unhidra_engine_connection_opened(int32_t engine);
UNHIDRA_EXPORT(unhidra_engine_connection_closed)
int32_t unhidra_engine_connection_closed(int32_t engine);
UNHIDRA_EXPORT(unhidra_engine_receive)
int32_t unhidra_engine_receive(int32_t engine, const uint8_t* frame, uint32_t frame_size);
UNHIDRA_EXPORT(unhidra_engine_tick) int32_t unhidra_engine_tick(int32_t engine);
/* An `unhidra_action`: frames in order, then events, then the wish to reconnect; UNHIDRA_NOTHING
 * when all is taken. */
UNHIDRA_EXPORT(unhidra_engine_next) int32_t unhidra_engine_next(int32_t engine);

/* ---- commands; their outcome comes as events ---- */
UNHIDRA_EXPORT(unhidra_look_up_user)
int32_t unhidra_look_up_user(int32_t engine, const uint8_t* username, uint32_t username_size);
UNHIDRA_EXPORT(unhidra_open_conversation)
int32_t unhidra_open_conversation(int32_t engine, const uint8_t* peer, uint32_t peer_size);
/* {"messageId"} */
UNHIDRA_EXPORT(unhidra_send_text)
int32_t unhidra_send_text(int32_t engine, const uint8_t* peer, uint32_t peer_size,
                          const uint8_t* text, uint32_t text_size);
/* The same for any conversation, pair or group. */
UNHIDRA_EXPORT(unhidra_send_text_to)
int32_t unhidra_send_text_to(int32_t engine, const uint8_t* conversation,
                             uint32_t conversation_size, const uint8_t* text, uint32_t text_size);
UNHIDRA_EXPORT(unhidra_refresh_user)
int32_t unhidra_refresh_user(int32_t engine, const uint8_t* user, uint32_t user_size);
UNHIDRA_EXPORT(unhidra_accept_identity)
int32_t unhidra_accept_identity(int32_t engine, const uint8_t* user, uint32_t user_size);
UNHIDRA_EXPORT(unhidra_set_verified)
int32_t unhidra_set_verified(int32_t engine, const uint8_t* user, uint32_t user_size,
                             int32_t verified);
UNHIDRA_EXPORT(unhidra_approve_device)
int32_t unhidra_approve_device(int32_t engine, const uint8_t* device, uint32_t device_size);
UNHIDRA_EXPORT(unhidra_remove_device)
int32_t unhidra_remove_device(int32_t engine, const uint8_t* device, uint32_t device_size);
/* {"code"}: the account key in writing, of a device that has it. */
UNHIDRA_EXPORT(unhidra_recovery_code) int32_t unhidra_recovery_code(int32_t engine);
/* On a device that waits for approval: signs it onto the device list. */
UNHIDRA_EXPORT(unhidra_recover)
int32_t unhidra_recover(int32_t engine, const uint8_t* code, uint32_t code_size);
/* On one when every device on the list is revoked: with a new account key. */
UNHIDRA_EXPORT(unhidra_begin_anew) int32_t unhidra_begin_anew(int32_t engine);
UNHIDRA_EXPORT(unhidra_refresh_token)
int32_t unhidra_refresh_token(int32_t engine, const uint8_t* token, uint32_t token_size);

/* ---- messages; a message is named `id/senderDevice`, the member "ref" of its description ---- */
/* {"messageId"}. `root` and `reply_to` may be empty; `mentions` are ids with one comma between. */
UNHIDRA_EXPORT(unhidra_send)
int32_t unhidra_send(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                     const uint8_t* text, uint32_t text_size, const uint8_t* root,
                     uint32_t root_size, const uint8_t* reply_to, uint32_t reply_to_size,
                     const uint8_t* mentions, uint32_t mentions_size, int32_t everyone);
/* {"messageId"}: of the event actionDone, like the two that follow. */
UNHIDRA_EXPORT(unhidra_edit)
int32_t unhidra_edit(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                     const uint8_t* target, uint32_t target_size, const uint8_t* text,
                     uint32_t text_size, const uint8_t* mentions, uint32_t mentions_size,
                     int32_t everyone);
UNHIDRA_EXPORT(unhidra_delete)
int32_t unhidra_delete(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                       const uint8_t* target, uint32_t target_size);
/* Of somebody else's message, in a channel that this person moderates. */
UNHIDRA_EXPORT(unhidra_moderate)
int32_t unhidra_moderate(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                         const uint8_t* target, uint32_t target_size);
/* A message that was given up goes out of the history. client.not_failed. */
UNHIDRA_EXPORT(unhidra_discard)
int32_t unhidra_discard(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        const uint8_t* target, uint32_t target_size);
/* `picture`: of a `:name:`, which one: the fileId of a picture at the message or of unhidra_emoji;
 * empty: the conversation's own of that name, if it has one. */
UNHIDRA_EXPORT(unhidra_react)
int32_t unhidra_react(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                      const uint8_t* target, uint32_t target_size, const uint8_t* emoji,
                      uint32_t emoji_size, int32_t present, const uint8_t* picture,
                      uint32_t picture_size);
/* The timeline up to and with the message at `index`. */
UNHIDRA_EXPORT(unhidra_mark_read)
int32_t unhidra_mark_read(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                          uint64_t index);
UNHIDRA_EXPORT(unhidra_mark_thread_read)
int32_t unhidra_mark_thread_read(int32_t engine, const uint8_t* conversation,
                                 uint32_t conversation_size, const uint8_t* root,
                                 uint32_t root_size);
/* Of one conversation, or of all when the span is empty. */
UNHIDRA_EXPORT(unhidra_mark_all_read)
int32_t unhidra_mark_all_read(int32_t engine, const uint8_t* conversation,
                              uint32_t conversation_size);
UNHIDRA_EXPORT(unhidra_follow_thread)
int32_t unhidra_follow_thread(int32_t engine, const uint8_t* conversation,
                              uint32_t conversation_size, const uint8_t* root, uint32_t root_size,
                              int32_t following);
/* Which threads are followed where nothing was said of the thread itself, in the conversation or,
 * when the span is empty, in all that have no rule of their own. `rule`: 1 those that the person
 * writes in or that stand under the person's messages, 2 those in which the person is mentioned, 3
 * both, 0 none, -1 the conversation has none of its own any more. The own other devices are told.
 */
UNHIDRA_EXPORT(unhidra_set_auto_follow)
int32_t unhidra_set_auto_follow(int32_t engine, const uint8_t* conversation,
                                uint32_t conversation_size, int32_t rule);
/* Call while the person types; throttled inside. */
UNHIDRA_EXPORT(unhidra_set_typing)
int32_t unhidra_set_typing(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                           int32_t active);
/* Whether this person sends receipts. The own other devices are told. */
UNHIDRA_EXPORT(unhidra_set_receipts) int32_t unhidra_set_receipts(int32_t engine, int32_t sent);
/* true or false: what was said last, here or on another own device (event ownReceiptsChanged). */
UNHIDRA_EXPORT(unhidra_sends_receipts) int32_t unhidra_sends_receipts(int32_t engine);
/* The messages on the screen whose receipts are counted: places in the log, as decimal numbers with
 * one comma between, replacing the former ones; kept across connections, not stored. The event
 * receiptCountsChanged tells. Nothing comes of it in conversations of two and in groups of up to
 * fifty people. client.too_many_watched: more than 50. */
UNHIDRA_EXPORT(unhidra_watch_receipts)
int32_t unhidra_watch_receipts(int32_t engine, const uint8_t* conversation,
                               uint32_t conversation_size, const uint8_t* seqs, uint32_t seqs_size);
/* What others are told of this person: 0 nothing (hidden), 1 online, 2 away. Hidden until it is
 * called; kept across connections, not stored. */
UNHIDRA_EXPORT(unhidra_set_presence) int32_t unhidra_set_presence(int32_t engine, int32_t own);
/* Whom the event presenceChanged tells about: ids with one comma between, replacing the former
 * ones; kept across connections, not stored. client.too_many_watched: more than 2,000. */
UNHIDRA_EXPORT(unhidra_watch_presence)
int32_t unhidra_watch_presence(int32_t engine, const uint8_t* users, uint32_t users_size);
/* The conversations on the screen, ids with one comma between, the open one before all, replacing
 * the former ones: caught up with before the others; kept across connections, not stored. More than
 * 50 have no say. */
UNHIDRA_EXPORT(unhidra_put_first)
int32_t unhidra_put_first(int32_t engine, const uint8_t* conversations,
                          uint32_t conversations_size);

/* ---- files: encrypted and decrypted piece by piece, about 1 MiB at a time; the host moves the
 * ciphertext to and from the server (REST, /v1/files). At most 64 at once; a file that is not sent
 * is closed. ---- */
/* Begins to encrypt `size` bytes. Answers a handle; {"size","sealedSize","wanted"}: bytes of
 * plaintext, of all ciphertext, and of plaintext that the next call takes. */
UNHIDRA_EXPORT(unhidra_file_seal) int32_t unhidra_file_seal(int32_t engine, uint64_t size);
/* Begins to decrypt the file at `index` of a message, or its thumbnail. Answers a handle;
 * {"fileId","digest","size","sealedSize","wanted"}: here `wanted` counts ciphertext. */
UNHIDRA_EXPORT(unhidra_file_open)
int32_t unhidra_file_open(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                          const uint8_t* target, uint32_t target_size, uint32_t index,
                          int32_t thumbnail);
/* The next bytes, exactly as many as are wanted (none while only fill is left to encrypt). The
 * answer is ciphertext or plaintext; the number how many bytes are wanted next. It is over when
 * `sealedSize` bytes of ciphertext were made or taken. */
UNHIDRA_EXPORT(unhidra_file_next)
int32_t unhidra_file_next(int32_t engine, int32_t file, const uint8_t* bytes, uint32_t bytes_size);
/* {"digest"} of the ciphertext, in base64url, when all was encrypted. When all was decrypted: that
 * it is the file that the sender describes; before that nobody may see what was decrypted. */
UNHIDRA_EXPORT(unhidra_file_finish) int32_t unhidra_file_finish(int32_t engine, int32_t file);
UNHIDRA_EXPORT(unhidra_file_close) int32_t unhidra_file_close(int32_t engine, int32_t file);
/* {"messageId"}: as unhidra_send; the text may be empty. `files`: for each file lines of name=value
 * with an empty line between two files. file (handle), id (at the server), name, type; and where
 * there is one: width, height; thumbnail (handle), thumbnailId, thumbnailType, thumbnailWidth,
 * thumbnailHeight. The handles are closed when the message is queued. */
UNHIDRA_EXPORT(unhidra_send_files)
int32_t unhidra_send_files(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                           const uint8_t* text, uint32_t text_size, const uint8_t* root,
                           uint32_t root_size, const uint8_t* reply_to, uint32_t reply_to_size,
                           const uint8_t* mentions, uint32_t mentions_size, int32_t everyone,
                           const uint8_t* files, uint32_t files_size);

/* ---- emoji with pictures ---- */
/* {"messageId"}: a message that brings one into the conversation. `name`: 2 to 32 of a-z 0-9 _ + -,
 * without colons. `picture`: one file as unhidra_send_files describes it, PNG, WebP or GIF of at
 * most 64 KiB and 256 pixels a side; its handle is closed. client.emoji_exists. */
UNHIDRA_EXPORT(unhidra_emoji_bring)
int32_t unhidra_emoji_bring(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                            const uint8_t* name, uint32_t name_size, const uint8_t* picture,
                            uint32_t picture_size);
/* Those that the conversation has, by name: {"name","picture","broughtBy","broughtIn"} each, the
 * last one absent of what is known from its use alone. Deleting the message `broughtIn` takes it
 * back. */
UNHIDRA_EXPORT(unhidra_emoji)
int32_t unhidra_emoji(int32_t engine, const uint8_t* conversation, uint32_t conversation_size);
/* Begins to decrypt a picture, named by its fileId, of the message `target`, or, when that is
 * empty, of unhidra_emoji. As unhidra_file_open. */
UNHIDRA_EXPORT(unhidra_emoji_open)
int32_t unhidra_emoji_open(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                           const uint8_t* target, uint32_t target_size, const uint8_t* picture,
                           uint32_t picture_size);

/* ---- channels ---- */
/* {"conversation"}; then the event channelCreated. `space` may be empty. */
UNHIDRA_EXPORT(unhidra_channel_create)
int32_t unhidra_channel_create(int32_t engine, const uint8_t* name, uint32_t name_size,
                               const uint8_t* topic, uint32_t topic_size,
                               const uint8_t* description, uint32_t description_size,
                               const uint8_t* space, uint32_t space_size, const uint8_t* users,
                               uint32_t users_size, int32_t open, int32_t announcements,
                               int32_t is_default);
UNHIDRA_EXPORT(unhidra_group_describe)
int32_t unhidra_group_describe(int32_t engine, const uint8_t* group, uint32_t group_size,
                               const uint8_t* topic, uint32_t topic_size,
                               const uint8_t* description, uint32_t description_size);
/* What the directory calls a channel that was just joined: it holds until a member tells the
 * group's own name. A group that has a name keeps it. client.bad_name: empty, too long or not
 * UTF-8. */
UNHIDRA_EXPORT(unhidra_channel_adopt_name)
int32_t unhidra_channel_adopt_name(int32_t engine, const uint8_t* channel, uint32_t channel_size,
                                   const uint8_t* name, uint32_t name_size);
/* {"request"}: the number of the event placeAnswer. Lines: the name, then key=value each.
 * Spaces: listSpaces [cursor limit], createSpace space [parent] name [hidden], updateSpace space
 * [name state], deleteSpace space. Channels: listChannels [space search joined cursor limit], join
 * [channel], channel channel, updateChannel channel [name posting state isDefault], deleteChannel
 * channel, removeMember channel user [ban], unban channel user, setOverride channel role allow
 * deny. Both: setRole space|channel user role; policy; setPolicy editWindow receipts hidesPeople;
 * people [search cursor limit]. Numbers as in gateway.proto. */
UNHIDRA_EXPORT(unhidra_place_request)
int32_t unhidra_place_request(int32_t engine, const uint8_t* lines, uint32_t lines_size);
/* ---- history for a new own device; the event historyTransferChanged tells how it goes ---- */
/* On the new device. */
UNHIDRA_EXPORT(unhidra_history_request)
int32_t unhidra_history_request(int32_t engine, const uint8_t* from, uint32_t from_size);
/* On the old device, with the code that the new one shows. */
UNHIDRA_EXPORT(unhidra_history_approve)
int32_t unhidra_history_approve(int32_t engine, const uint8_t* to, uint32_t to_size,
                                const uint8_t* code, uint32_t code_size);
UNHIDRA_EXPORT(unhidra_history_cancel)
int32_t unhidra_history_cancel(int32_t engine, const uint8_t* device, uint32_t device_size);
/* A list, the last one with each other device. */
UNHIDRA_EXPORT(unhidra_history_transfers) int32_t unhidra_history_transfers(int32_t engine);

/* ---- groups; `users` are ids with one comma between them, none in an empty span ---- */
/* {"conversation"}: made at once, also without a connection. `users` besides oneself. */
UNHIDRA_EXPORT(unhidra_group_create)
int32_t unhidra_group_create(int32_t engine, const uint8_t* name, uint32_t name_size,
                             const uint8_t* users, uint32_t users_size);
/* {"change"}: the number by which the event groupChangeDone names it. */
UNHIDRA_EXPORT(unhidra_group_add)
int32_t unhidra_group_add(int32_t engine, const uint8_t* group, uint32_t group_size,
                          const uint8_t* users, uint32_t users_size);
UNHIDRA_EXPORT(unhidra_group_remove)
int32_t unhidra_group_remove(int32_t engine, const uint8_t* group, uint32_t group_size,
                             const uint8_t* users, uint32_t users_size);
/* With all own devices; the event groupLeft tells when it is done. */
UNHIDRA_EXPORT(unhidra_group_leave)
int32_t unhidra_group_leave(int32_t engine, const uint8_t* group, uint32_t group_size);
UNHIDRA_EXPORT(unhidra_group_rename)
int32_t unhidra_group_rename(int32_t engine, const uint8_t* group, uint32_t group_size,
                             const uint8_t* name, uint32_t name_size);
/* {"change"}. The last resort: begins the group anew with the same people. */
UNHIDRA_EXPORT(unhidra_group_reset)
int32_t unhidra_group_reset(int32_t engine, const uint8_t* group, uint32_t group_size);
/* {"change"}. Whether those who come in may read what is written from now on. */
UNHIDRA_EXPORT(unhidra_share_history)
int32_t unhidra_share_history(int32_t engine, const uint8_t* group, uint32_t group_size,
                              int32_t shared);
/* Of a group that shares its history: some dozens of the messages before the first that is here;
 * the event earlierMessages tells when they are in their place. */
UNHIDRA_EXPORT(unhidra_read_earlier)
int32_t unhidra_read_earlier(int32_t engine, const uint8_t* group, uint32_t group_size);

/* ---- questions; the answer is an object, a list, or null when there is none ---- */
UNHIDRA_EXPORT(unhidra_account) int32_t unhidra_account(int32_t engine);
UNHIDRA_EXPORT(unhidra_devices) int32_t unhidra_devices(int32_t engine);
/* {"revision", "conversations"}: those that a list shows otherwise since the revision `since`, a
 * number from an earlier answer about this engine; 0: all. Newest activity first. */
UNHIDRA_EXPORT(unhidra_conversations)
int32_t unhidra_conversations(int32_t engine, uint64_t since);
UNHIDRA_EXPORT(unhidra_conversation_with)
int32_t unhidra_conversation_with(int32_t engine, const uint8_t* peer, uint32_t peer_size);
UNHIDRA_EXPORT(unhidra_user)
int32_t unhidra_user(int32_t engine, const uint8_t* user, uint32_t user_size);
UNHIDRA_EXPORT(unhidra_user_named)
int32_t unhidra_user_named(int32_t engine, const uint8_t* username, uint32_t username_size);
/* Name, members with their devices, state, epoch and its code. */
UNHIDRA_EXPORT(unhidra_group)
int32_t unhidra_group(int32_t engine, const uint8_t* group, uint32_t group_size);
/* Up to `limit` (at most 1000) messages before `before_index`, oldest first. */
UNHIDRA_EXPORT(unhidra_history)
int32_t unhidra_history(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        uint64_t before_index, uint32_t limit);
/* One message, or null. */
UNHIDRA_EXPORT(unhidra_message)
int32_t unhidra_message(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        const uint8_t* target, uint32_t target_size);
/* [{"text","since"}]: what it said, oldest first and as it is last; nothing of a deleted one. */
UNHIDRA_EXPORT(unhidra_message_texts)
int32_t unhidra_message_texts(int32_t engine, const uint8_t* conversation,
                              uint32_t conversation_size, const uint8_t* target,
                              uint32_t target_size);
/* Threads, newest reply first; of all conversations when the span is empty. */
UNHIDRA_EXPORT(unhidra_threads)
int32_t unhidra_threads(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        int32_t followed_only);
/* {"onReply","onMention"}: of the conversation, null when it has none of its own; of all others
 * when the span is empty. */
UNHIDRA_EXPORT(unhidra_auto_follow)
int32_t unhidra_auto_follow(int32_t engine, const uint8_t* conversation,
                            uint32_t conversation_size);
/* The replies, oldest first. */
UNHIDRA_EXPORT(unhidra_thread_messages)
int32_t unhidra_thread_messages(int32_t engine, const uint8_t* conversation,
                                uint32_t conversation_size, const uint8_t* root,
                                uint32_t root_size);
UNHIDRA_EXPORT(unhidra_receipts)
int32_t unhidra_receipts(int32_t engine, const uint8_t* conversation, uint32_t conversation_size);
UNHIDRA_EXPORT(unhidra_typing)
int32_t unhidra_typing(int32_t engine, const uint8_t* conversation, uint32_t conversation_size);
/* {"user","state","since"} of everybody who is watched; states: unknown, offline, online, away. */
UNHIDRA_EXPORT(unhidra_presence) int32_t unhidra_presence(int32_t engine);
/* Newest first. Empty spans and times of zero ask for nothing; times are microseconds. */
UNHIDRA_EXPORT(unhidra_search)
int32_t unhidra_search(int32_t engine, const uint8_t* words, uint32_t words_size,
                       const uint8_t* conversation, uint32_t conversation_size,
                       const uint8_t* sender, uint32_t sender_size, uint64_t from, uint64_t until,
                       uint32_t limit);
UNHIDRA_EXPORT(unhidra_safety_number)
int32_t unhidra_safety_number(int32_t engine, const uint8_t* user, uint32_t user_size);

/* ---- what the host provides ---- */
/* Randomness comes through WASI's random_get. Times: microseconds since 1970, and nanoseconds that
 * only grow. */
UNHIDRA_IMPORT(now) int64_t unhidra_host_now(void);
UNHIDRA_IMPORT(steady_now) int64_t unhidra_host_steady_now(void);

/* The store: a map from names of 32 bytes to sealed records, each of one kind of 16 bytes. Names,
 * kinds and contents are opaque. Less than zero means that the store failed; UNHIDRA_HOST_ABSENT
 * that there is no such record. */
enum unhidra_host_answer { UNHIDRA_HOST_FAILED = -1, UNHIDRA_HOST_ABSENT = -2 };
/* Finds one record and answers its size; `store_take` then copies it. */
UNHIDRA_IMPORT(store_get) int32_t unhidra_host_store_get(uint32_t store, const uint8_t* name);
/* Finds all records of a kind and answers the size of all together; `store_take` then copies them,
 * each as its name, a length of four bytes in network order, and the content. */
UNHIDRA_IMPORT(store_load) int32_t unhidra_host_store_load(uint32_t store, const uint8_t* kind);
/* Copies what the last `store_get` or `store_load` found, exactly `size` bytes of it, and forgets
 * it. */
UNHIDRA_IMPORT(store_take)
int32_t unhidra_host_store_take(uint32_t store, uint8_t* out, uint32_t size);
/* Changes all or nothing, durable when it answers zero. Each change is one byte (1: put, 0: remove)
 * and the name; a put goes on with the kind, a length of four bytes in network order, and the
 * content. */
UNHIDRA_IMPORT(store_commit)
int32_t unhidra_host_store_commit(uint32_t store, const uint8_t* changes, uint32_t size);

#ifdef __cplusplus
}
#endif
#endif
