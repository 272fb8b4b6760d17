#include "unhidra/messaging/gather.h"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"
#include "unhidra/runtime/siphash.h"

namespace unhidra::messaging {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxSubject = 200;

// Touched on the asker's executor only.
struct Gathering {
  explicit Gathering(const Executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  std::vector<Bytes> answers;
  std::size_t enough = 0;

  void take(const Message& message) {
    if (answers.size() < enough) {
      answers.push_back(to_bytes(message.payload.view()));
    }
    if (answers.size() >= enough) {
      timer.cancel();
    }
  }
};

std::string fresh_subject() {
  const auto random = runtime::random_sip_key();
  return "gather." + to_hex(ByteWriter().u64(random.k0).u64(random.k1).view());
}

}  // namespace

Task<Result<std::vector<Bytes>>> gather(Bus& bus, std::string subject, Bytes question,
                                        GatherOptions options) {
  const Executor here = co_await runtime::current_executor();
  const auto gathering = std::make_shared<Gathering>(here);
  const auto listeners = bus.listeners(subject);
  gathering->enough = std::min(options.max_answers, listeners.value_or(options.max_answers));
  if (gathering->enough == 0) {
    co_return fail(Errc::no_responder, "nobody listens on " + subject);
  }
  const auto reply_to = fresh_subject();
  UNHIDRA_CO_TRY(const auto answers,
                 bus.subscribe(reply_to, here,
                               [gathering](const Message& message) { gathering->take(message); }));
  gathering->timer.expires_after(options.window);
  UNHIDRA_CO_TRY_VOID(
      bus.publish(subject, std::move(ByteWriter().text(reply_to).bytes(question)).take()));
  boost::system::error_code woken;
  co_await gathering->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (gathering->answers.empty()) {
    co_return fail(Errc::no_responder, "nobody on " + subject + " has answered");
  }
  co_return std::move(gathering->answers);
}

Result<Subscription> answer_gathering(Bus& bus, std::string_view subject, Executor executor,
                                      std::function<Bytes(ByteView question)> answer) {
  return bus.subscribe(
      subject, std::move(executor), [&bus, answer = std::move(answer)](const Message& message) {
        ByteReader reader(message.payload.view());
        const std::string reply_to(reader.text(kMaxSubject));
        const auto question = reader.bytes(kMaxPayload);
        if (!reader.finish("a question")) {
          log::warn("bus.bad_question", {{"subject", message.subject}});
          return;
        }
        if (const auto sent = bus.publish(reply_to, answer(question)); !sent) {
          log::warn("bus.answer_not_sent", {{"subject", message.subject}, {"error", sent.error()}});
        }
      });
}

}  // namespace unhidra::messaging
