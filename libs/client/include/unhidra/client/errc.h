#pragma once
// What the client engine can refuse. Failures of lower rooms keep their own codes.

#include "unhidra/base/error.h"

namespace unhidra::client {

enum class Errc : std::uint8_t {
  not_enrolled,           // the store holds no device yet: enroll first
  already_enrolled,       // the store belongs to a device already
  not_found,              // no such user, conversation, message or device here
  outbox_full,            // too many messages wait to be sent
  message_too_large,      // the text is longer than Limits::max_text
  bad_text,               // empty or not well-formed UTF-8
  not_approved,           // this device is on no device list yet
  no_account_key,         // this device may not sign device lists
  identity_not_accepted,  // the peer's identity changed and nobody has accepted the new one
  too_many_devices,       // the device list is full
  store_failed,           // the last commit did not succeed: open the engine again
  corrupt_store,          // a stored record cannot be read
  bad_name,               // a group's name is empty, too long or not well-formed UTF-8
  not_in_group,           // this device is not, or no longer, a member of the group
  wrong_code,             // another code was typed than the new device shows, or too late
  mistyped_code,          // no recovery code: a character is missing or wrong
  bad_frame,              // the server sent what cannot be read
  unsupported,            // made by a newer version
  not_yours,              // only its author may change a message
  not_failed,             // the message was not given up
  bad_emoji,              // no emoji and no name of one
  emoji_exists,           // the conversation has one of that name
  bad_import,             // an imported message that no reader would take, or under a used id
  too_many_watched,       // the presence of more people than Limits::max_watched
  bad_attachment,         // a file that cannot be sent, or is not what its sender describes
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::not_enrolled:
      return {"client.not_enrolled", ErrorKind::conflict};
    case Errc::already_enrolled:
      return {"client.already_enrolled", ErrorKind::conflict};
    case Errc::not_found:
      return {"client.not_found", ErrorKind::not_found};
    case Errc::outbox_full:
      return {"client.outbox_full", ErrorKind::unavailable};
    case Errc::message_too_large:
      return {"client.message_too_large", ErrorKind::too_large};
    case Errc::bad_text:
      return {"client.bad_text", ErrorKind::invalid};
    case Errc::not_approved:
      return {"client.not_approved", ErrorKind::denied};
    case Errc::no_account_key:
      return {"client.no_account_key", ErrorKind::denied};
    case Errc::identity_not_accepted:
      return {"client.identity_not_accepted", ErrorKind::conflict};
    case Errc::too_many_devices:
      return {"client.too_many_devices", ErrorKind::conflict};
    case Errc::store_failed:
      return {"client.store_failed", ErrorKind::unavailable};
    case Errc::corrupt_store:
      return {"client.corrupt_store", ErrorKind::corrupt};
    case Errc::bad_name:
      return {"client.bad_name", ErrorKind::invalid};
    case Errc::not_in_group:
      return {"client.not_in_group", ErrorKind::conflict};
    case Errc::unsupported:
      return {"client.unsupported", ErrorKind::invalid};
    case Errc::not_yours:
      return {"client.not_yours", ErrorKind::denied};
    case Errc::not_failed:
      return {"client.not_failed", ErrorKind::conflict};
    case Errc::bad_emoji:
      return {"client.bad_emoji", ErrorKind::invalid};
    case Errc::emoji_exists:
      return {"client.emoji_exists", ErrorKind::conflict};
    case Errc::bad_import:
      return {"client.bad_import", ErrorKind::invalid};
    case Errc::wrong_code:
      return {"client.wrong_code", ErrorKind::denied};
    case Errc::mistyped_code:
      return {"client.mistyped_code", ErrorKind::invalid};
    case Errc::too_many_watched:
      return {"client.too_many_watched", ErrorKind::too_large};
    case Errc::bad_attachment:
      return {"client.bad_attachment", ErrorKind::invalid};
    case Errc::bad_frame:
      break;
  }
  return {"client.bad_frame", ErrorKind::corrupt};
}

}  // namespace unhidra::client
