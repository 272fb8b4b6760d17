// What stands beside a group's message and in its box: what the server, or a member, may send.

#include <cstdlib>

#include "message_binding.h"
#include "shared_history.h"

using namespace unhidra;
using namespace unhidra::client;

namespace {

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

// A binding that is taken has exactly this encoding; a body's parts stand inside it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (const auto binding = MessageBinding::decode(bytes)) {
    check(std::ranges::equal(binding->encode(), bytes));
  }
  if (const auto body = parse_history_body(bytes)) {
    check(body->links.size() <= kMaxHistoryLinks);
    check(body->content.size() < body->signed_part.size());
  }
  mls::ExtensionList extensions;
  extensions.set(shared_history_extension(), to_bytes(bytes));
  const auto setting = shared_history_of(extensions);
  check(setting.has_value());
  check(*setting == SharedHistory() || std::ranges::equal(encode(*setting), bytes));
  return 0;
}
