#include "connection.h"

namespace unhidra::mqtt {

void Connection::hold(std::uint64_t position, std::uint64_t durable) {
  if (position <= durable || (!holds_.empty() && holds_.back().position >= position)) {
    return;
  }
  holds_.push_back({held_.size(), position});
}

bool Connection::release(std::uint64_t durable) {
  while (!holds_.empty() && holds_.front().position <= durable) {
    holds_.pop_front();
  }
  const auto free = holds_.empty() ? held_.size() : holds_.front().offset;
  append(link.output(), ByteView(held_).first(free));
  if (holds_.empty()) {
    Bytes().swap(held_);
    return true;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(free));
  for (std::size_t i = 0; i < holds_.size(); ++i) {
    holds_[i].offset -= free;
  }
  return false;
}

std::optional<std::string_view> Connection::resolve_alias(std::uint32_t alias,
                                                          std::string_view topic,
                                                          std::uint16_t maximum) {
  if (alias == 0 || alias > maximum) {
    return std::nullopt;
  }
  if (!aliases_in_) {
    aliases_in_ = std::make_unique<std::vector<std::string>>();
  }
  if (aliases_in_->size() < alias) {
    aliases_in_->resize(alias);
  }
  auto& known = (*aliases_in_)[alias - 1];
  if (!topic.empty()) {
    known = topic;
  }
  return known.empty() ? std::nullopt : std::optional<std::string_view>(known);
}

// The first topics get the aliases there are; they are not given anew.
Connection::OutgoingAlias Connection::outgoing_alias(std::string_view topic) {
  if (alias_maximum == 0) {
    return {};
  }
  if (!aliases_out_) {
    aliases_out_ = std::make_unique<std::map<std::string, std::uint16_t, std::less<>>>();
  }
  if (const auto found = aliases_out_->find(topic); found != aliases_out_->end()) {
    return {found->second, true};
  }
  if (aliases_out_->size() >= alias_maximum) {
    return {};
  }
  const auto alias = static_cast<std::uint16_t>(aliases_out_->size() + 1);
  aliases_out_->emplace(topic, alias);
  return {alias, false};
}

}  // namespace unhidra::mqtt
