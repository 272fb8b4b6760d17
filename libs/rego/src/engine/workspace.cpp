#include <utility>

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

thread_local std::unique_ptr<Workspace> idle;

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

Workspace::Known& Workspace::known(std::size_t number) {
  Known& out = documents_[number];
  if (out.evaluation != evaluation_) {
    out = Known{};
    out.evaluation = evaluation_;
    touched_.push_back(static_cast<std::uint32_t>(number));
  }
  return out;
}

void Workspace::begin(std::size_t nodes) {
  if (documents_.size() < nodes) {
    documents_.resize(nodes);
  }
  ++evaluation_;
}

void Workspace::end() {
  constexpr std::size_t kKeptBytes = 1'024;
  for (const std::uint32_t number : touched_) {
    documents_[number].value.reset();
  }
  touched_.clear();
  loops.clear();
  for (Collection& one : collections) {
    one.elements.clear();
    one.members.clear();
    if (one.elements.capacity() > kKeptBytes || one.members.capacity() > kKeptBytes) {
      one = Collection();
    }
  }
  collections_used = 0;
  candidates.clear();
}

}  // namespace unhidra::rego
