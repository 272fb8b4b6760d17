#include "fan_out.h"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace unhidra::messaging {
namespace {

constexpr std::size_t kAtATime = 128;

}  // namespace

// As many as the process has threads for connections.
std::size_t FanOut::lane_of(const Executor& executor) {
  const auto found = std::ranges::find_if(
      lanes_, [&executor](const auto& lane) { return lane->executor == executor; });
  if (found == lanes_.end()) {
    lanes_.push_back(std::make_shared<Lane>(executor));
    return lanes_.size() - 1;
  }
  return static_cast<std::size_t>(found - lanes_.begin());
}

void FanOut::deliver(const std::vector<std::shared_ptr<Subscriber>>& to, const Payload& frame) {
  std::vector<Batch> batches(lanes_.size());
  for (const auto& subscriber : to) {
    if (!subscriber->admit()) {
      continue;
    }
    const auto lane = lane_of(subscriber->executor);
    batches.resize(lanes_.size());
    batches[lane].to.push_back(subscriber);
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (!batches[i].to.empty()) {
      batches[i].frame = frame;
      lanes_[i]->add(std::move(batches[i]));
    }
  }
}

void FanOut::Lane::add(Batch batch) {
  const std::lock_guard lock(mutex);
  waiting.push_back(std::move(batch));
  if (waiting.size() == 1) {
    boost::asio::post(executor, [self = shared_from_this()] { self->run(); });
  }
}

void FanOut::Lane::run() {
  Batch* first = nullptr;
  {
    const std::lock_guard lock(mutex);
    first = &waiting.front();  // stays where it is when others are added behind it
  }
  const auto end = std::min(first->next + kAtATime, first->to.size());
  for (; first->next < end; ++first->next) {
    std::exchange(first->to[first->next], nullptr)->deliver(first->frame);
  }
  const std::lock_guard lock(mutex);
  if (end == first->to.size()) {
    waiting.pop_front();
  }
  if (!waiting.empty()) {
    boost::asio::post(executor, [self = shared_from_this()] { self->run(); });
  }
}

}  // namespace unhidra::messaging
