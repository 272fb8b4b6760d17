// Linear memory is one block that the host can read as long as the module lives, so nothing that
// was a message or a key may stay in what is no longer used.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>

#include "unhidra/base/secret.h"

#include "module.h"

namespace {

void wipe_and_free(void* block) noexcept {
  if (block != nullptr) {
    unhidra::wipe({static_cast<unhidra::Byte*>(block), malloc_usable_size(block)});
    std::free(block);
  }
}

}  // namespace

// The sized forms come here too.
void operator delete(void* block) noexcept {
  wipe_and_free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  wipe_and_free(block);
}

extern "C" {

// The linker's: the lower end of the stack, which grows down from above.
extern char __stack_low;  // NOLINT: the linker's name

// clang's 128-bit helpers are compiled with stack protectors, which WASI's C library lacks.
// They are never handed bytes from outside.
std::uintptr_t __stack_chk_guard = 0x6f5f1c3b;  // NOLINT: the compiler's name
[[noreturn]] void __stack_chk_fail() {          // NOLINT
  __builtin_trap();
}

}  // extern "C"

namespace unhidra::core {

__attribute__((noinline)) void wipe_dead_stack() {
  // What lies below this frame belongs to nobody; `wipe` itself needs less than the margin.
  constexpr std::ptrdiff_t kMargin = 256;
  auto* const low = reinterpret_cast<Byte*>(&__stack_low);
  auto* const here = static_cast<Byte*>(__builtin_frame_address(0));
  if (here - low > kMargin) {
    wipe({low, static_cast<std::size_t>(here - low - kMargin)});
  }
}

}  // namespace unhidra::core
