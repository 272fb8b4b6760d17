#include "broker/sealed_topics.h"

#include <algorithm>

#include "unhidra/automation/errc.h"
#include "unhidra/mqtt/topic.h"

namespace unhidra::automation {
namespace {

using mqtt::ReasonCode;

// Of one device: more than an account has device groups. The one that it has not spoken in for
// longest is forgotten; its receivers still refuse an epoch that is over.
constexpr std::size_t kMaxGroups = 128;

bool covers(const std::vector<std::string>& filters, std::string_view topic) {
  return std::ranges::any_of(
      filters, [topic](const std::string& filter) { return mqtt::matches(filter, topic); });
}

// By which a device and its controllers come to have keys (docs/security.md, "The channel of a
// device"): its signed prekeys, and its answers to a controller, which are sealed in another form.
bool makes_keys(DeviceId device, std::string_view topic) {
  const auto own = "devices/" + device.to_string() + "/";
  if (!topic.starts_with(own)) {
    return false;
  }
  topic.remove_prefix(own.size());
  return topic == "prekeys" || mqtt::matches("channel/+/answer", topic);
}

}  // namespace

Result<SealedTopics> SealedTopics::parse(const std::vector<std::string>& filters) {
  for (const auto& filter : filters) {
    if (!mqtt::is_valid_topic_filter(filter)) {
      return fail(Errc::bad_policy,
                  "automation.encrypted_topics: \"" + filter + "\" is no topic filter");
    }
  }
  SealedTopics out;
  out.filters_ = filters;
  return out;
}

bool SealedTopics::must_be_sealed(const Subject& subject, std::string_view topic) const {
  static const TopicProtection kNothingSaid;
  const auto found = own_.find(subject.org);
  const auto& own = found != own_.end() ? found->second : kNothingSaid;
  if (covers(own.encrypted_topics ? *own.encrypted_topics : filters_, topic)) {
    return true;
  }
  return subject.encrypted && !makes_keys(*subject.device, topic) &&
         !covers(own.plaintext_topics, topic);
}

std::expected<std::optional<identity::GroupPayloadHeader>, ReasonCode> SealedTopics::check(
    const Subject& subject, const mqtt::PublishRequest& request) {
  if (request.payload.empty() && request.retain) {
    return std::nullopt;
  }
  const auto payload = identity::parse_group_payload(request.payload);
  if (!payload || payload->header.retained != request.retain) {
    return std::unexpected(ReasonCode::payload_format_invalid);
  }
  const bool own = subject.device && payload->header.sender == identity::tag_of(*subject.device);
  if (!own || !advances(*subject.device, payload->header)) {
    return std::unexpected(ReasonCode::not_authorized);
  }
  return payload->header;
}

bool SealedTopics::advances(DeviceId sender, const identity::GroupPayloadHeader& header) {
  auto& groups = newest_[sender];
  const auto known = std::ranges::find(groups, header.group, &Newest::group);
  if (known != groups.end()) {
    if (header.epoch < known->epoch) {
      return false;
    }
    groups.erase(known);
  } else if (groups.size() == kMaxGroups) {
    groups.erase(groups.begin());
  }
  groups.push_back({header.group, header.epoch});
  return true;
}

}  // namespace unhidra::automation
