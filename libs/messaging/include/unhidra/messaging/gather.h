#pragma once
// One question to everybody who listens on a subject, where request() asks one of them.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "unhidra/messaging/bus.h"

namespace unhidra::messaging {

struct GatherOptions {
  // Where the bus cannot tell how many listen (NATS), this long is waited for answers.
  std::chrono::milliseconds window{300};
  std::size_t max_answers = 256;  // further ones are not listened to
};

// The answers in the order in which they came. Errc::no_responder when there was none.
Task<Result<std::vector<Bytes>>> gather(Bus& bus, std::string subject, Bytes question,
                                        GatherOptions options = {});

// Answers such questions; `answer` runs on `executor` and must not block.
Result<Subscription> answer_gathering(Bus& bus, std::string_view subject, Executor executor,
                                      std::function<Bytes(ByteView question)> answer);

}  // namespace unhidra::messaging
