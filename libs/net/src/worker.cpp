#include "worker.h"

#include <cstring>

#include <boost/asio/post.hpp>
#include <openssl/rand.h>

#include "connection.h"

namespace unhidra::net {

boost::asio::execution_context::id Worker::id;

Worker& Worker::of(const Executor& executor) {
  return boost::asio::use_service<Worker>(
      boost::asio::query(executor, boost::asio::execution::context));
}

Worker::Worker(boost::asio::execution_context& context)
    : service(context),
      context_(static_cast<Context&>(context)),
      read_buffer_(kReadBuffer),
      timer_(context_.get_executor()) {}

// The context is being destroyed: nothing runs any more, descriptors close with their connections.
void Worker::shutdown() {
  const auto all = connections();
  for (const auto& connection : all) {
    const auto protocol = connection->protocol_;
    connection->forget();
    if (protocol) {
      protocol->abandon();
    }
  }
  to_flush_.clear();
  const std::lock_guard lock(mailbox_mutex_);
  mailbox_.clear();
  for (const auto& call : std::exchange(at_end_, {})) {
    call();
  }
}

void Worker::at_end(std::function<void()> call) {
  const std::lock_guard lock(mailbox_mutex_);
  at_end_.push_back(std::move(call));
}

void Worker::set_deadline(WheelEntry& entry, std::chrono::milliseconds delay) {
  wheel_.set(entry, now(), delay);
  arm_timer();
}

void Worker::arm_timer() {
  if (timer_armed_ || wheel_.size() == 0) {
    return;
  }
  timer_armed_ = true;
  timer_.expires_after(kWheelTick);
  timer_.async_wait([this](boost::system::error_code error) {
    timer_armed_ = false;
    if (!error) {
      wheel_.advance(now());
      arm_timer();
    }
  });
}

void Worker::flush_later(std::shared_ptr<Connection> connection) {
  to_flush_.push_back(std::move(connection));
  if (!flush_posted_) {
    flush_posted_ = true;
    boost::asio::post(context_, [this] { flush_all(); });
  }
}

Bytes Worker::take_buffer() {
  if (spare_buffers_.empty()) {
    return {};
  }
  auto out = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
  return out;
}

void Worker::give_back(Bytes buffer) {
  constexpr std::size_t kMaxSpare = 256;
  constexpr std::size_t kMaxKept = 64 * 1024;
  if (buffer.capacity() <= kMaxKept && spare_buffers_.size() < kMaxSpare) {
    buffer.clear();
    spare_buffers_.push_back(std::move(buffer));
  }
}

void Worker::flush_all() {
  flush_posted_ = false;
  const auto batch = std::exchange(to_flush_, {});
  for (const auto& connection : batch) {
    connection->flush();
  }
}

void Worker::post_letter(std::shared_ptr<LetterBox> to, Letter::Content content) {
  bool first = false;
  {
    const std::lock_guard lock(mailbox_mutex_);
    first = mailbox_.empty();
    mailbox_.emplace_back(std::move(to), std::move(content));
  }
  if (first) {
    boost::asio::post(context_, [this] { deliver_letters(); });
  }
}

void Worker::deliver_letters() {
  std::vector<std::pair<std::shared_ptr<LetterBox>, Letter::Content>> letters;
  {
    const std::lock_guard lock(mailbox_mutex_);
    letters.swap(mailbox_);
  }
  for (auto& [to, content] : letters) {
    to->on_letter(std::move(content));
  }
}

void Worker::add(Connection& connection) {
  connection.next_ = first_;
  connection.previous_ = nullptr;
  if (first_ != nullptr) {
    first_->previous_ = &connection;
  }
  first_ = &connection;
}

void Worker::remove(Connection& connection) {
  (connection.previous_ != nullptr ? connection.previous_->next_ : first_) = connection.next_;
  if (connection.next_ != nullptr) {
    connection.next_->previous_ = connection.previous_;
  }
}

std::vector<std::shared_ptr<Connection>> Worker::connections() const {
  std::vector<std::shared_ptr<Connection>> out;
  for (Connection* at = first_; at != nullptr; at = at->next_) {
    if (auto held = at->weak_from_this().lock()) {
      out.push_back(std::move(held));
    }
  }
  return out;
}

std::array<Byte, 4> Worker::mask_key() {
  constexpr std::size_t kBlock = 1024;
  if (mask_at_ == mask_pool_.size()) {
    mask_pool_.resize(kBlock);
    if (RAND_bytes(mask_pool_.data(), static_cast<int>(kBlock)) != 1) {
      std::abort();  // a process without randomness must not go on
    }
    mask_at_ = 0;
  }
  std::array<Byte, 4> out{};
  std::memcpy(out.data(), mask_pool_.data() + mask_at_, out.size());
  mask_at_ += out.size();
  return out;
}

}  // namespace unhidra::net
