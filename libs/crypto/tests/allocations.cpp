#include "allocations.h"

#include <cstdlib>
#include <new>

#include <openssl/crypto.h>

namespace {

thread_local std::size_t count = 0;

void* counted_malloc(std::size_t size, const char*, int) {
  ++count;
  return std::malloc(size);
}
void* counted_realloc(void* memory, std::size_t size, const char*, int) {
  ++count;
  return std::realloc(memory, size);
}
void counted_free(void* memory, const char*, int) {
  std::free(memory);
}

// Before any other static object, since OpenSSL takes other functions only before its first use.
struct Install {
  Install() {
    if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1) {
      std::abort();
    }
  }
};
[[gnu::init_priority(101)]] const Install install;

}  // namespace

std::size_t unhidra::crypto::allocations() {
  return count;
}

void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
