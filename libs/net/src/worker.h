#pragma once
// What the connections of one io_context share: the read buffer, the wheel of deadlines, the list
// of those with something to write, and the mailbox through which other threads reach them. It is a
// service of the io_context, so it lives exactly as long. One thread runs the context.

#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/base/timer_wheel.h"
#include "unhidra/net/websocket.h"
#include "unhidra/runtime/task.h"

namespace unhidra::net {

class Connection;

// A call from another thread to something that lives on the worker's.
struct Letter {
  struct Send {
    MessageKind kind;
    Bytes payload;
  };
  struct Ping {
    Bytes payload;
  };
  struct Close {
    CloseCode code;
    std::string reason;
  };
  struct Abort {};
  struct PauseReading {
    bool paused;
  };
  struct Overflow {};
  using Content = std::variant<Send, Ping, Close, Abort, PauseReading, Overflow>;
};
class LetterBox {
 public:
  virtual ~LetterBox() = default;
  virtual void on_letter(Letter::Content letter) = 0;
};

class Worker final : public boost::asio::execution_context::service {
 public:
  using Context = boost::asio::io_context;
  static constexpr std::size_t kReadBuffer = 64 * 1024;

  static boost::asio::execution_context::id id;
  // The executor's context must be an io_context.
  static Worker& of(const Executor& executor);
  explicit Worker(boost::asio::execution_context& context);

  Context& context() { return context_; }
  Context::executor_type executor() { return context_.get_executor(); }
  bool on_this_thread() { return executor().running_in_this_thread(); }

  // Valid during one event; its content is gone with the next read of any connection.
  MutableByteView read_buffer() { return read_buffer_; }

  static SteadyTime now() { return std::chrono::steady_clock::now(); }
  void set_deadline(WheelEntry& entry, std::chrono::milliseconds delay);
  void clear_deadline(WheelEntry& entry) { wheel_.clear(entry); }

  // The connection is flushed once, after the events that are ready now.
  void flush_later(std::shared_ptr<Connection> connection);
  // Output buffers go round: an idle connection has none, a busy one does not allocate.
  Bytes take_buffer();
  void give_back(Bytes buffer);
  // From any thread.
  void post_letter(std::shared_ptr<LetterBox> to, Letter::Content content);

  // The connections of this context, whoever owns them.
  void add(Connection& connection);
  void remove(Connection& connection);
  // A snapshot: calls may end connections.
  std::vector<std::shared_ptr<Connection>> connections() const;

  // Called, from any thread, by what belongs to this context but is not held by it: `call` runs
  // when the context is destroyed.
  void at_end(std::function<void()> call);

  // Four fresh bytes for a client's mask: unpredictable (RFC 6455 section 10.3), drawn in blocks.
  std::array<Byte, 4> mask_key();

 private:
  void shutdown() override;
  void arm_timer();
  void flush_all();
  void deliver_letters();

  Context& context_;
  Bytes read_buffer_;
  TimerWheel wheel_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Context::executor_type>
      timer_;
  bool timer_armed_ = false;
  std::vector<std::shared_ptr<Connection>> to_flush_;
  std::vector<Bytes> spare_buffers_;
  bool flush_posted_ = false;
  Connection* first_ = nullptr;

  std::mutex mailbox_mutex_;  // guards the next two
  std::vector<std::function<void()>> at_end_;
  std::vector<std::pair<std::shared_ptr<LetterBox>, Letter::Content>> mailbox_;

  Bytes mask_pool_;
  std::size_t mask_at_ = 0;
};

}  // namespace unhidra::net
