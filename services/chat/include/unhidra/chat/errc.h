#pragma once

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::chat {

enum class Errc : std::uint8_t {
  malformed,            // a request that no client of ours would send
  not_found,            // no such user, device or conversation for this asker
  no_device,            // the session is bound to no device
  device_not_approved,  // the device stands on no device list
  bad_keys,             // keys or signatures that may not be stored
  keys_fixed,           // the device has published other long-term keys before
  prekey_id_reused,     // one-time prekey ids only ever grow
  too_many_prekeys,     // more one-time prekeys than a device may keep here
  bad_device_list,      // a device list that may not be stored
  stale_device_list,    // not the successor of the stored list
  stale_devices,        // ciphertexts for another set of devices than the present one
  message_id_reused,    // the id belongs to another message
  message_too_large,
  unsupported_suite,      // a cipher suite in which devices have no registered key
  bad_key_package,        // a KeyPackage that may not be stored
  too_many_key_packages,  // more KeyPackages than a device may keep here
  bad_group,              // a new group that may not be stored
  bad_commit,             // a commit, Welcome and GroupInfo that do not fit together or the group
  bad_proposal,           // a proposal that may not be stored
  stale_group,            // made for an epoch that is over, or proposals wait to be committed
  group_exists,           // the conversation is there already
  group_closed,           // nobody is left in the group
  not_author,             // only its author may change a message
  edit_window_closed,     // the organisation lets messages be edited for so long only
  message_deleted,
  not_allowed,     // the role in this space or channel does not allow it
  bad_name,        // of a space or channel
  name_taken,      // by another public channel
  place_exists,    // a space or channel with this id is there already
  place_archived,  // nothing changes in an archived space or channel
  not_empty,       // a space with something in it
  too_deep,        // spaces in spaces
  banned,          // may not come in again
  file_missing,    // a message's file is not here, or is another message's
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return {"chat.malformed", ErrorKind::invalid};
    case Errc::not_found:
      return {"chat.not_found", ErrorKind::not_found};
    case Errc::no_device:
      return {"chat.no_device", ErrorKind::denied};
    case Errc::device_not_approved:
      return {"chat.device_not_approved", ErrorKind::denied};
    case Errc::bad_keys:
      return {"chat.bad_keys", ErrorKind::unprocessable};
    case Errc::keys_fixed:
      return {"chat.keys_fixed", ErrorKind::conflict};
    case Errc::prekey_id_reused:
      return {"chat.prekey_id_reused", ErrorKind::conflict};
    case Errc::too_many_prekeys:
      return {"chat.too_many_prekeys", ErrorKind::too_large};
    case Errc::bad_device_list:
      return {"chat.bad_device_list", ErrorKind::unprocessable};
    case Errc::stale_device_list:
      return {"chat.stale_device_list", ErrorKind::conflict};
    case Errc::stale_devices:
      return {"chat.stale_devices", ErrorKind::conflict};
    case Errc::message_id_reused:
      return {"chat.message_id_reused", ErrorKind::conflict};
    case Errc::message_too_large:
      return {"chat.message_too_large", ErrorKind::too_large};
    case Errc::unsupported_suite:
      return {"chat.unsupported_suite", ErrorKind::unprocessable};
    case Errc::bad_key_package:
      return {"chat.bad_key_package", ErrorKind::unprocessable};
    case Errc::too_many_key_packages:
      return {"chat.too_many_key_packages", ErrorKind::too_large};
    case Errc::bad_group:
      return {"chat.bad_group", ErrorKind::unprocessable};
    case Errc::bad_commit:
      return {"chat.bad_commit", ErrorKind::unprocessable};
    case Errc::bad_proposal:
      return {"chat.bad_proposal", ErrorKind::unprocessable};
    case Errc::stale_group:
      return {"chat.stale_group", ErrorKind::conflict};
    case Errc::group_exists:
      return {"chat.group_exists", ErrorKind::conflict};
    case Errc::group_closed:
      return {"chat.group_closed", ErrorKind::conflict};
    case Errc::not_author:
      return {"chat.not_author", ErrorKind::denied};
    case Errc::edit_window_closed:
      return {"chat.edit_window_closed", ErrorKind::denied};
    case Errc::message_deleted:
      return {"chat.message_deleted", ErrorKind::conflict};
    case Errc::not_allowed:
      return {"chat.not_allowed", ErrorKind::denied};
    case Errc::bad_name:
      return {"chat.bad_name", ErrorKind::invalid};
    case Errc::name_taken:
      return {"chat.name_taken", ErrorKind::conflict};
    case Errc::place_exists:
      return {"chat.place_exists", ErrorKind::conflict};
    case Errc::place_archived:
      return {"chat.place_archived", ErrorKind::conflict};
    case Errc::not_empty:
      return {"chat.not_empty", ErrorKind::conflict};
    case Errc::too_deep:
      return {"chat.too_deep", ErrorKind::unprocessable};
    case Errc::file_missing:
      return {"chat.file_missing", ErrorKind::conflict};
    case Errc::banned:
      break;
  }
  return {"chat.banned", ErrorKind::denied};
}

}  // namespace unhidra::chat
