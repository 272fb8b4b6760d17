// Range headers: whatever comes, what is to be sent lies inside the file.

#include <cstdlib>

#include "unhidra/base/bytes.h"

#include "range.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  for (const std::uint64_t file :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, ~std::uint64_t{0}}) {
    const auto range = unhidra::files::read_range(unhidra::as_text({data, size}), file);
    if (range && (range->offset > file || range->length > file - range->offset)) {
      std::abort();
    }
  }
  return 0;
}
