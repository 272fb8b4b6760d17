#pragma once
// How a device comes into a device group: by an owner whose key it is told, whose client then sends
// it the rest over the broker; or, without a chat client, by an owner's file with the key that
// signs, and for each member a file that only the member opens.

#include <filesystem>
#include <vector>

#include "home.h"

namespace unhidra::device {

// What a member tells its owner: ids, public keys, and both as a commissioning code. JSON text.
std::string public_document(const Home& home);
// From now on the device believes this owner's deliveries; `owner`: its key, in hexadecimal.
// Errc::usage, bad_group when it is in another owner's group.
Status commission(Home& home, std::string_view owner);

struct GroupRequest {
  std::filesystem::path owner_file;  // made when it is not there
  std::vector<std::string> topic_filters;
  std::vector<std::string> members;  // "ROLE:FILE", the file with what the member told
  std::vector<std::string> rules;    // identity::parse_device_rule
  std::filesystem::path out;         // a folder for the members' files
};
// The first epoch of a group, or the next one; `controller`, which is one of it, seals the keys for
// each member. Answers the epoch. Errc::usage, bad_group.
Result<std::uint32_t> make_group(const Home& controller, const GroupRequest& request);

// Believes a file that the owner made for this device: its roster, keys and policy.
// Errc::bad_group.
Status join_group(Home& home, const std::filesystem::path& file);
// The keys in such a file, to be sent to its member. Errc::bad_group.
Result<Bytes> read_delivery(const std::filesystem::path& file);

}  // namespace unhidra::device
