#include <algorithm>
#include <utility>

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

thread_local std::unique_ptr<Workspace> idle;

// Quick to tell, and not only equal: 1 and 1.0 are, and answers may show which it was.
bool is_one(const Value& a, const Value& b) {
  return a.same_as(b) || (a.kind() == b.kind() && (a.is(Kind::string) || a.is(Kind::number)) &&
                          a.text() == b.text());
}

}  // namespace

std::unique_ptr<Workspace> Workspace::borrow() {
  auto out = std::move(idle);
  return out ? std::move(out) : std::make_unique<Workspace>();
}

void Workspace::give_back(std::unique_ptr<Workspace> workspace) {
  constexpr std::size_t kMaxBlocks = 64;
  if (workspace->blocks_.size() <= kMaxBlocks) {
    idle = std::move(workspace);
  }
}

std::span<Slot> Workspace::registers(std::size_t count) {
  while (block_ < blocks_.size() && blocks_[block_].size - blocks_[block_].used < count) {
    ++block_;
  }
  if (block_ == blocks_.size()) {
    const std::size_t size = std::max(kBlock, count);
    blocks_.push_back({std::make_unique<Slot[]>(size), size, 0});
  }
  Block& block = blocks_[block_];
  const std::span<Slot> out(block.slots.get() + block.used, count);
  block.used += count;
  return out;
}

void Workspace::release(std::span<Slot> registers) {
  for (Slot& slot : registers) {
    slot.own = Value();
  }
  blocks_[block_].used -= registers.size();
  while (block_ > 0 && blocks_[block_].used == 0) {
    --block_;
  }
}

void Workspace::use_collections(std::size_t count) {
  collections_used += count;
  if (collections.size() < collections_used) {
    collections.resize(collections_used);
  }
}

Workspace::Known& Workspace::known(std::size_t number) {
  Known& out = documents_[number];
  if (out.evaluation != evaluation_) {
    out = Known{};
    out.evaluation = evaluation_;
    touched_.push_back(static_cast<std::uint32_t>(number));
  }
  return out;
}

Workspace::Call* Workspace::call(std::uint32_t node, std::span<const Value* const> arguments) {
  constexpr std::size_t kCalls = 256;
  constexpr std::size_t kMaxArguments = 4;
  if (arguments.size() > kMaxArguments) {
    return nullptr;
  }
  if (calls_.empty()) {
    calls_.resize(kCalls);
  }
  std::size_t hash = node;
  for (const Value* argument : arguments) {
    hash = hash * 31 + hash_of(*argument);
  }
  return &calls_[(hash ^ (hash >> 8)) % kCalls];
}

bool Workspace::is_known(const Call& call, std::uint32_t node,
                         std::span<const Value* const> arguments) const {
  return call.evaluation == evaluation_ && call.node == node &&
         std::ranges::equal(call.arguments, arguments, is_one, {},
                            [](const Value* argument) -> const Value& { return *argument; });
}

void Workspace::remember(Call& call, std::uint32_t node, std::span<const Value* const> arguments,
                         const std::optional<Value>& value) {
  if (call.evaluation != evaluation_) {
    touched_calls_.push_back(static_cast<std::uint32_t>(&call - calls_.data()));
  }
  call.evaluation = evaluation_;
  call.node = node;
  call.arguments.clear();
  for (const Value* argument : arguments) {
    call.arguments.push_back(*argument);
  }
  call.value = value;
}

void Workspace::begin(std::size_t known) {
  if (documents_.size() < known) {
    documents_.resize(known);
  }
  ++evaluation_;
}

void Workspace::end() {
  constexpr std::size_t kKeptBytes = 1'024;
  for (const std::uint32_t number : touched_) {
    documents_[number].value.reset();
  }
  touched_.clear();
  for (const std::uint32_t number : touched_calls_) {
    calls_[number].arguments.clear();
    calls_[number].value.reset();
  }
  touched_calls_.clear();
  loops.clear();
  for (Collection& one : collections) {
    one.clear();
    if (one.elements.capacity() > kKeptBytes || one.members.capacity() > kKeptBytes) {
      one = Collection();
    }
  }
  collections_used = 0;
  candidates.clear();
}

}  // namespace unhidra::rego
