#pragma once
// One gateway connection of a device without a client engine: questions with their answers, and the
// frames that come unasked.

#include <functional>
#include <memory>
#include <unordered_map>

#include <boost/asio/steady_timer.hpp>

#include "unhidra/net/websocket_client.h"
#include "unhidra/runtime/task.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"

namespace unhidra::bench {

// Lives on the thread of its executor. `close()` before it goes.
class DeviceLink : public std::enable_shared_from_this<DeviceLink> {
 public:
  // Hears every frame that is no answer, as it came.
  using OnEvent = std::function<void(ByteView frame)>;
  using OnClosed = std::function<void(net::CloseCode)>;

  // Open and greeted: the server knows of it.
  static Task<Result<std::shared_ptr<DeviceLink>>> open(Executor executor,
                                                        net::WebSocketClientSettings settings,
                                                        OnEvent on_event = {},
                                                        OnClosed on_closed = {});

  const wire::Hello& hello() const { return hello_; }

  // The answer's body. An error of the server is one here; Errc::cancelled when the connection
  // ends, Errc::timeout after a minute.
  template <class Answer, class Question>
  Task<Result<Answer>> ask(Question question) {
    UNHIDRA_CO_TRY(auto frame,
                   co_await ask_frame(wire::request_field<Question>(), wire::encode(question)));
    if (auto* answer = std::get_if<Answer>(&frame.body)) {
      co_return std::move(*answer);
    }
    co_return fail(Errc::invalid, "the server has answered something else");
  }

  void close();

 private:
  struct Listener;
  struct Waiting {
    explicit Waiting(const Executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    std::optional<wire::ServerFrame> answer;
  };

  explicit DeviceLink(Executor executor) : executor_(std::move(executor)) {}
  Task<Result<wire::ServerFrame>> ask_frame(std::uint32_t field, Bytes body);
  Task<Result<wire::ServerFrame>> wait_for(std::uint64_t number);
  void hear(ByteView message);
  void closed(net::CloseCode code);

  Executor executor_;
  OnEvent on_event_;
  OnClosed on_closed_;
  wire::Hello hello_;
  std::shared_ptr<net::WebSocketConnection> connection_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Waiting>> waiting_;
  std::uint64_t last_number_ = 0;
};

}  // namespace unhidra::bench
