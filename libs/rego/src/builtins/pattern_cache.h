#pragma once
// Compiled patterns by their text, for one thread: what policies match with is nearly always the
// same few constants.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

// At most kMaxPatterns of them, and patterns of kMaxBytes together: what one holds in memory is
// within a small factor of its text (globs) or has a limit of its own (expressions).
template <class Compiled, std::size_t kMaxPatterns = 1024, std::size_t kMaxBytes = 128 * 1024>
class PatternCache {
 public:
  template <class Compile>
  Result<std::shared_ptr<const Compiled>> get(std::string_view key, Compile compile) {
    if (const auto found = known_.find(key); found != known_.end()) {
      return found->second;
    }
    UNHIDRA_TRY(Compiled fresh, compile());
    // Patterns that come from input would fill the memory: then begin anew.
    if (known_.size() >= kMaxPatterns || bytes_ + key.size() > kMaxBytes) {
      known_.clear();
      bytes_ = 0;
    }
    bytes_ += key.size();
    auto shared = std::make_shared<const Compiled>(std::move(fresh));
    known_.emplace(key, shared);
    return shared;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::shared_ptr<const Compiled>, Hash, std::equal_to<>> known_;
  std::size_t bytes_ = 0;
};

}  // namespace unhidra::rego::builtins
