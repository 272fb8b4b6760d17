#include "engine/data_index.h"

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kFewElements = 8;  // quicker looked at than looked up

// While the data lives, no other collection has it.
const void* identity(const Value& collection) {
  return collection.is(Kind::object) ? static_cast<const void*>(collection.members().data())
                                     : collection.elements().data();
}

const Value& element(const Value& collection, std::size_t i) {
  return collection.is(Kind::object) ? collection.members()[i].second : collection.elements()[i];
}

const Value* member(const Value& value, std::span<const Value> path) {
  const Value* out = &value;
  for (auto key = path.begin(); key != path.end() && out != nullptr; ++key) {
    out = Machine::look_up(*out, *key);
  }
  return out;
}

}  // namespace

DataIndex::DataIndex(std::span<const Search> searches, const Value& data, const DataIndex* before,
                     std::uint64_t elements)
    : by_search_(searches.size()), before_(before), elements_(elements) {
  for (std::size_t i = 0; i < searches.size(); ++i) {
    walk(i, searches[i], data, 0);
  }
  before_ = nullptr;
}

void DataIndex::walk(std::size_t search, const Search& what, const Value& at, std::size_t index) {
  if (index == what.place.size()) {
    return add(search, what, at);
  }
  if (const auto& key = what.place[index]) {
    if (const Value* next = Machine::look_up(at, *key)) {
      walk(search, what, *next, index + 1);
    }
    return;
  }
  for (std::size_t i = 0; i < at.size() && elements_ > 0; ++i) {
    --elements_;
    walk(search, what, element(at, i), index + 1);
  }
}

void DataIndex::add(std::size_t search, const Search& what, const Value& collection) {
  if (collection.size() < kFewElements || collection.size() > elements_) {
    return;
  }
  auto& known = by_search_[search][identity(collection)];
  if (before_ != nullptr) {
    const auto& all = before_->by_search_[search];
    if (const auto found = all.find(identity(collection)); found != all.end()) {
      known = found->second;
      return;
    }
  }
  elements_ -= collection.size();
  auto made = std::make_shared<ByValue>();
  for (std::size_t i = 0; i < collection.size(); ++i) {
    const Value* value = member(element(collection, i), what.path);
    if (value != nullptr && !can_switch_on(*value)) {
      return;  // it may be equal to what is written otherwise: looked at one by one
    }
    if (value != nullptr) {
      (*made)[*value].push_back(static_cast<std::uint32_t>(i));
    }
  }
  known = std::move(made);
}

bool DataIndex::find(std::size_t search, const Value& collection, const Value& value,
                     std::span<const std::uint32_t>& out) const {
  const auto& all = by_search_[search];
  const auto known = all.find(identity(collection));
  if (known == all.end() || known->second == nullptr || !can_switch_on(value)) {
    return false;
  }
  const auto found = known->second->find(value);
  out = found == known->second->end() ? std::span<const std::uint32_t>() : found->second;
  return true;
}

}  // namespace unhidra::rego
