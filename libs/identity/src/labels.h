#pragma once
// Every signature and hash of this room starts with the label of its purpose and version, so that
// none can be taken for another.

#include <string_view>

namespace unhidra::identity {

inline constexpr std::string_view kDeviceListLabel = "unhidra device list 1";
inline constexpr std::string_view kDeviceListHashLabel = "unhidra device list hash 1";
inline constexpr std::string_view kSignedPreKeyLabel = "unhidra signed prekey 1";
inline constexpr std::string_view kKeyDigestLabel = "unhidra key digest 1";
inline constexpr std::string_view kSafetyNumberLabel = "unhidra safety number 1";
inline constexpr std::string_view kDeviceGroupLabel = "unhidra device group 1";
inline constexpr std::string_view kDeviceGroupHashLabel = "unhidra device group hash 1";
inline constexpr std::string_view kDevicePolicyLabel = "unhidra device policy 1";

}  // namespace unhidra::identity
