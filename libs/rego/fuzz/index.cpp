// Policies made from the bytes, with inputs: programs, their index and what is made of data at load
// answer like the walk over the rules' tree.
#include "random_policies.h"

namespace {

using namespace unhidra::rego;

// The bytes in turn, then a mixture of all of them.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint32_t next() {
    mixed_ = mixed_ * 1'664'525 + 1'013'904'223 + (at_ < size_ ? data_[at_] : 0);
    return at_ < size_ ? data_[at_++] : mixed_ >> 8;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
  std::uint32_t mixed_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  PolicyGenerator generator([&] { return bytes.next(); });
  const ModuleSource source{"fuzz.rego", generator.policy()};
  const auto policy = PolicySet::compile({&source, 1});
  if (!policy) {
    // Constants may be such that a comparison can never hold.
    if (!(policy.error() == Errc::type_error)) {
      __builtin_trap();
    }
    return 0;
  }
  const auto loaded =
      policy->load(*value_from_json(kOtherData)).replaced_by(*value_from_json(kData));
  for (const char* text : PolicyGenerator::kQueries) {
    const auto query = policy->prepare(text);
    if (!query) {
      continue;
    }
    Evaluation evaluation;
    evaluation.input = *value_from_json(generator.input());
    evaluation.data = loaded.data();
    const std::string by_program = answer(*query, evaluation);
    evaluation.loaded = &loaded;
    const std::string by_loaded = answer(*query, evaluation);
    evaluation.walk_tree = true;
    const std::string by_tree = answer(*query, evaluation);
    if (by_program != by_tree || by_loaded != by_tree) {
      __builtin_trap();
    }
  }
  return 0;
}
