#include "broker/sealed_topics.h"

#include <algorithm>

#include "unhidra/automation/errc.h"
#include "unhidra/mqtt/topic.h"

namespace unhidra::automation {
namespace {

using mqtt::ReasonCode;

constexpr std::size_t kMaxEpochs = 1'000'000;

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

bool SealedTopics::covers(std::string_view topic) const {
  return std::ranges::any_of(
      filters_, [topic](const std::string& filter) { return mqtt::matches(filter, topic); });
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
  if (!own || !advances(payload->header)) {
    return std::unexpected(ReasonCode::not_authorized);
  }
  return payload->header;
}

bool SealedTopics::advances(const identity::GroupPayloadHeader& header) {
  const auto [known, fresh] = epochs_.try_emplace({header.group, header.sender}, header.epoch);
  if (fresh) {
    if (epochs_.size() > kMaxEpochs) {
      epochs_.erase(known);
      return false;
    }
    return true;
  }
  if (header.epoch < known->second) {
    return false;
  }
  known->second = header.epoch;
  return true;
}

}  // namespace unhidra::automation
