#pragma once
#include <cstddef>

namespace unhidra::crypto {

// How often this thread has allocated, by C++'s operator new or through OpenSSL.
std::size_t allocations();

}  // namespace unhidra::crypto
