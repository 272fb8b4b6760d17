// A commit that is being put together (group_changes.cpp, group_additions.cpp).
#pragma once

#include "engine_impl.h"

namespace unhidra::client {

struct Engine::Impl::PlannedCommit {
  mls::CommitOptions options;
  std::set<std::uint32_t> removed;     // leaves
  std::vector<std::uint64_t> changes;  // that it carries out, wholly or in part
  std::optional<bool> shared_history;  // the last wish
};

}  // namespace unhidra::client
