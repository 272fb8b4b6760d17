// Lists, sets and objects that programs make.
#include <algorithm>
#include <numeric>

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

const Location& location_of(const Program& program) {
  static const Location kNone;
  return program.rule == nullptr ? kNone : program.rule->location;
}

}  // namespace

bool Machine::make(const Program& program, const Step& step, std::span<Slot> r) {
  const auto& parts = program.lists[nth(step.b)];
  if (!charge(program, kItemCharge * parts.size())) {
    return false;
  }
  Parts<Value> values;
  if (step.op == Op::object) {
    Parts<Value::Member> members;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
      members.add({*r[nth(parts[i])].value, *r[nth(parts[i + 1])].value});
    }
    r[nth(step.a)].keep(Value::object_from(members.all()));
    return may_keep(r[nth(step.a)].own, location_of(program));
  }
  for (const std::int32_t part : parts) {
    values.add(*r[nth(part)].value);
  }
  r[nth(step.a)].keep(step.op == Op::array ? Value::array_from(values.all())
                                           : Value::set_from(values.all()));
  return may_keep(r[nth(step.a)].own, location_of(program));
}

void Machine::collect(const Program& program, const Step& step, std::span<const Slot> r,
                      std::size_t collection) {
  auto& into = workspace_->collections[collection];
  if (!charge(program, kItemCharge)) {
    return;
  }
  if (step.c >= 0) {
    into.members.emplace_back(*r[nth(step.b)].value, *r[nth(step.c)].value);
  } else {
    into.elements.push_back(*r[nth(step.b)].value);
  }
}

bool Machine::close(const Program& program, const Step& step, std::span<Slot> r,
                    std::size_t collection) {
  auto& from = workspace_->collections[collection];
  Value out;
  if (step.op == Op::array_of) {
    out = Value::array_from(from.elements);
  } else if (step.op == Op::set_of) {
    out = Value::set_from(from.elements);
  } else if (!join_members(
                 from,
                 [&](std::size_t) -> const Location& { return *program.locations[nth(step.d)]; },
                 out)) {
    return false;
  }
  from.clear();
  r[nth(step.a)].keep(std::move(out));
  return may_keep(r[nth(step.a)].own, location_of(program));
}

bool Machine::join_members(Workspace::Collection& collection, LocationOf location, Value& out) {
  auto& members = collection.members;
  auto& order = collection.order;
  order.resize(members.size());
  std::iota(order.begin(), order.end(), 0U);
  WorkOrder work;
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const int by_key = work.goes_on() ? compare(members[a].first, members[b].first) : 0;
    return by_key != 0 ? by_key < 0 : a < b;
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& one = members[order[i - 1]];
    const auto& other = members[order[i]];
    if (equal(one.first, other.first) && !equal(one.second, other.second)) {
      return failed_at(Errc::eval_conflict, location(order[i]), "object keys must be unique");
    }
  }
  out = Value::object_from(members);
  return true;
}

// Values of one key together, in the order in which they came.
void Machine::make_groups(const Step& step, std::span<Slot> r, std::size_t collection) {
  auto& members = workspace_->collections[collection].members;
  WorkOrder before;
  std::ranges::stable_sort(members, [&](const Value::Member& a, const Value::Member& b) {
    return before(a.first, b.first);
  });
  std::vector<Value::Member> groups;
  std::vector<Value> values;
  for (std::size_t i = 0; i < members.size();) {
    const Value key = members[i].first;
    for (; i < members.size() && equal(members[i].first, key); ++i) {
      values.push_back(members[i].second);
    }
    groups.emplace_back(key, step.c == 1 ? Value::set_from(values) : Value::array_from(values));
    values.clear();
  }
  members.clear();
  r[nth(step.a)].keep(Value::object_from(groups));
}

}  // namespace unhidra::rego
