#include "recorder.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace unhidra::bench {

Recorder::~Recorder() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

Status Recorder::open(const std::string& path) {
  if (path.empty()) {
    return {};
  }
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) {
    return fail(Errc::unavailable, "cannot write " + path);
  }
  return {};
}

void Recorder::write(std::string_view what, UserId user, ConversationId conversation,
                     MessageId message, std::uint64_t seq) {
  if (file_ < 0) {
    return;
  }
  std::string line(what);
  line.append(" ").append(user.to_string()).append(" ").append(conversation.to_string());
  line.append(" ").append(message.to_string()).append(" ").append(std::to_string(seq)) += '\n';
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    // A record with holes would make the comparison a lie.
    std::fputs("unhidra-bench: the record cannot be written\n", stderr);
    std::exit(1);
  }
}

}  // namespace unhidra::bench
