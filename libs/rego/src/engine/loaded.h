#pragma once
// What is kept of data beside itself.

#include <memory>
#include <optional>
#include <vector>

#include "unhidra/rego/loaded_data.h"

#include "engine/data_index.h"
#include "engine/policy.h"

namespace unhidra::rego {

struct Loaded {
  struct Document {
    bool is_ready = false;
    std::optional<Value> value;  // nothing: undefined
  };

  std::shared_ptr<const Policy> policy;
  Value data;
  std::vector<Document> documents;  // by the numbers of their nodes
  std::optional<DataIndex> index;
  std::size_t ready = 0;
  std::size_t taken_over = 0;

  // Nothing: it is to be made by the evaluation.
  const Document* find(const RuleNode& node) const {
    const Document& out = documents[node.number];
    return out.is_ready ? &out : nullptr;
  }

  // Leaves out of a loop over the collection what the search cannot find with the value.
  void narrow(std::size_t search, const Value& collection, const Value& value,
              const std::uint32_t*& picked, std::size_t& size) const {
    std::span<const std::uint32_t> found;
    if (index && index->find(search, collection, value, found)) {
      static constexpr std::uint32_t kNone = 0;
      picked = found.empty() ? &kNone : found.data();
      size = found.size();
    }
  }

  static LoadedData make(std::shared_ptr<const Policy> policy, Value data, const Loaded* before,
                         const LoadBudget& budget);
};

}  // namespace unhidra::rego
