#pragma once
// Questions to the server: each is under way once at most, and is asked again later when the server
// would not answer it.

#include <algorithm>

#include "unhidra/client/engine.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"

#include "environment.h"
#include "link.h"

namespace unhidra::client {

class Requests {
 public:
  // `staged`: where the frames of the present step gather.
  Requests(const Environment& env, Link& link, Actions& staged)
      : env_(env), link_(link), staged_(staged) {}

  bool may_ask(const Question& question) const;
  // The caller writes into what it answers what it needs when the answer comes.
  template <class Body>
  PendingRequest& ask(const Question& question, const Body& body) {
    const auto id = link_.next_request++;
    staged_.frames.push_back(
        wire::make_request(id, wire::request_field<Body>(), wire::encode(body)));
    return note(id, question);
  }
  void settle(const Question& question) { link_.questions.erase(question); }
  void back_off(const Question& question, std::uint32_t retry_after_ms);
  // Before whatever has failed so often is tried again.
  std::chrono::milliseconds delay_after(std::uint32_t failures) const;

 private:
  PendingRequest& note(std::uint64_t id, const Question& question);

  const Environment& env_;
  Link& link_;
  Actions& staged_;
};

}  // namespace unhidra::client
