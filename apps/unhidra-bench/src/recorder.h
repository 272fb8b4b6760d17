#pragma once
// One line for each message that was acknowledged or received, written at once, so that a test that
// kills the server can compare what was promised with what arrived.

#include <string>

#include "unhidra/base/id.h"

namespace unhidra::bench {

// May be used from any thread: a line is one write() to a file opened for appending.
class Recorder {
 public:
  Recorder() = default;
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // An empty path records nothing.
  Status open(const std::string& path);
  bool active() const { return file_ >= 0; }
  // "<what> <user> <conversation> <message> <seq>"
  void write(std::string_view what, UserId user, ConversationId conversation, MessageId message,
             std::uint64_t seq);

 private:
  int file_ = -1;
};

}  // namespace unhidra::bench
