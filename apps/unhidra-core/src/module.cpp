#include "module.h"

#include <limits>

#include "describe.h"

namespace unhidra::core {

namespace {

void wipe_text(std::string& text) {
  wipe({reinterpret_cast<Byte*>(text.data()), text.size()});
}

}  // namespace

Status HostedEngine::open(std::uint64_t least_generation) {
  UNHIDRA_TRY(auto opened, client::Engine::open({store, crypto::native_provider(), random, clock},
                                                {}, least_generation));
  engine.emplace(std::move(opened));
  return {};
}

Module& Module::instance() {
  static Module module;
  return module;
}

std::int32_t Module::settle(Result<Answer> result) {
  wipe_text(answer_);
  if (!result) {
    answer_ = to_json(result.error());
    return refusal_of(result.error());
  }
  answer_ = std::move(result->bytes);
  return result->value;
}

Byte* Module::new_buffer(std::uint32_t size) {
  if (busy_ || size > kMaxBuffer || buffers_.size() >= kMaxBuffers) {
    return nullptr;
  }
  const auto room = std::max(size, std::uint32_t{1});
  auto buffer = std::make_unique<Byte[]>(room);
  auto* const place = buffer.release();
  buffers_.emplace(place, room);
  return place;
}

std::int32_t Module::free_buffer(const Byte* buffer) {
  if (busy_) {
    return UNHIDRA_BUSY;
  }
  const auto found = buffers_.find(buffer);
  if (found == buffers_.end()) {
    return UNHIDRA_BAD_ARGUMENT;
  }
  const std::unique_ptr<Byte[]> owner(const_cast<Byte*>(found->first));
  wipe({owner.get(), found->second});
  buffers_.erase(found);
  return 0;
}

Result<ByteView> Module::view(Span span) const {
  if (span.size == 0) {
    return ByteView();
  }
  // Addresses of different buffers are compared as numbers: the host may name any.
  auto next = buffers_.upper_bound(span.data);
  if (next != buffers_.begin()) {
    const auto& [begin, size] = *--next;
    const auto offset =
        reinterpret_cast<std::uintptr_t>(span.data) - reinterpret_cast<std::uintptr_t>(begin);
    if (offset <= size && span.size <= size - offset) {
      return ByteView(span.data, span.size);
    }
  }
  return fail(Errc::bad_argument, "the bytes do not lie in one buffer");
}

Result<Answer> Module::open(std::uint32_t store, ByteView key, std::uint64_t least_generation) {
  if (key.size() != client::RecordSealer::kKeySize) {
    return fail(Errc::bad_argument, "the store's key has 32 bytes");
  }
  if (engines_.size() >= kMaxEngines || last_handle_ == std::numeric_limits<std::int32_t>::max()) {
    return fail(Errc::full, "too many engines are open");
  }
  auto hosted = std::make_unique<HostedEngine>(store, key.first<client::RecordSealer::kKeySize>());
  UNHIDRA_TRY_VOID(hosted->open(least_generation));
  engines_.emplace(++last_handle_, std::move(hosted));
  return Answer{last_handle_, {}};
}

Result<Answer> Module::close(std::int32_t handle) {
  if (engines_.erase(handle) == 0) {
    return fail(Errc::bad_handle, "no such engine");
  }
  wipe_dead_stack();
  return Answer();
}

Result<HostedEngine*> Module::engine(std::int32_t handle) {
  const auto found = engines_.find(handle);
  if (found == engines_.end()) {
    return fail(Errc::bad_handle, "no such engine");
  }
  return found->second.get();
}

}  // namespace unhidra::core
