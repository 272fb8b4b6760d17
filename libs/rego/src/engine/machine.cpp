// The instructions.
#include "engine/machine.h"

#include <algorithm>

namespace unhidra::rego {
namespace {

constexpr std::uint64_t kItemCharge = 32;  // bytes, about, of an element that is gathered

std::size_t at(std::int32_t number) {
  return static_cast<std::size_t>(number);
}

bool compares(Comparison comparison, const Value& a, const Value& b) {
  if (comparison == Comparison::differs) {
    return !equal(a, b);
  }
  const int order = compare(a, b);
  switch (comparison) {
    case Comparison::less:
      return order < 0;
    case Comparison::less_or_equal:
      return order <= 0;
    case Comparison::greater:
      return order > 0;
    default:
      return order >= 0;
  }
}

void keep(Slot& slot, Value value) {
  slot.own = std::move(value);
  slot.value = &slot.own;
}

}  // namespace

Machine::Machine(const Policy& policy, builtins::Environment& environment,
                 EvaluatorSettings settings)
    : policy_(policy),
      plans_(policy.plans()),
      environment_(environment),
      settings_(std::move(settings)),
      workspace_(Workspace::borrow()) {
  workspace_->begin(plans_.nodes());
}

Machine::~Machine() {
  workspace_->end();
  Workspace::give_back(std::move(workspace_));
}

Status Machine::run(const Program& query, Row row) {
  Sink sink{.row = &row};
  if (run_program(query, {}, sink) == Outcome::failed) {
    return fail(std::move(*error_));
  }
  return {};
}

bool Machine::failed_at(Errc code, const Location& location, const std::string& message) {
  if (!error_) {
    error_ = problem_at(code, location, message);
  }
  return false;
}

bool Machine::within_budget(const Program& program) {
  return (++steps_ <= settings_.max_steps && !settings_.is_late(steps_)) ||
         failed_at(Errc::budget_exhausted,
                   program.rule == nullptr ? Location{} : program.rule->location,
                   "the evaluation's budget is used up");
}

Machine::Outcome Machine::run_program(const Program& program,
                                      std::span<const Value* const> arguments, Sink& sink) {
  const auto registers = workspace_->registers(program.registers);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    registers[at(program.arguments) + i].value = arguments[i];
  }
  const std::size_t loops = workspace_->loops.size();
  const std::size_t collections = workspace_->collections_used;
  workspace_->loops.resize(loops + program.loops);
  workspace_->collections_used += program.collections;
  if (workspace_->collections.size() < workspace_->collections_used) {
    workspace_->collections.resize(workspace_->collections_used);
  }
  const Outcome outcome = execute(program, registers, sink);
  workspace_->collections_used = collections;
  workspace_->loops.resize(loops);
  workspace_->release(registers);
  return outcome;
}

Machine::Outcome Machine::execute(const Program& program, std::span<Slot> r, Sink& sink) {
  const std::size_t first_loop = workspace_->loops.size() - program.loops;
  const std::size_t first_collection = workspace_->collections_used - program.collections;
  const auto set = [&](std::int32_t a, const Value* value) {
    r[at(a)].value = value;
    return value != nullptr;
  };
  const auto get = [&](std::int32_t a) -> const Value& { return *r[at(a)].value; };
  for (std::size_t pc = 0;;) {
    const Step& step = program.steps[pc++];
    if (!within_budget(program)) {
      return Outcome::failed;
    }
    bool good = true;
    switch (step.op) {
      case Op::constant:
        r[at(step.a)].value = &program.constants[at(step.b)];
        break;
      case Op::input:
        good = set(step.a, settings_.input);
        break;
      case Op::input_path:
        good = set(step.a, input_at(program.paths[at(step.b)]));
        break;
      case Op::data_path:
        good = set(step.a, data_at(program.paths[at(step.b)]));
        break;
      case Op::move:
        r[at(step.a)].value = r[at(step.b)].value;
        break;
      case Op::field:
        good = set(step.a, get(step.b).find(program.constants[at(step.c)]));
        if (!good && get(step.b).is(Kind::set)) {
          good = set(step.a, look_up(get(step.b), program.constants[at(step.c)]));
        }
        break;
      case Op::lookup:
        good = set(step.a, look_up(get(step.b), get(step.c)));
        break;
      case Op::data_lookup:
        good = set(step.a, data_look_up(get(step.b), get(step.c), program.lists[at(step.d)], r));
        break;
      case Op::loop:
        begin_loop(workspace_->loops[first_loop + at(step.a)], get(step.b), good);
        break;
      case Op::next:
        good = next(workspace_->loops[first_loop + at(step.a)], step, r);
        break;
      case Op::check_true:
        good = !get(step.b).is(Kind::boolean) || get(step.b).as_boolean();
        break;
      case Op::check_equal:
        good = equal(get(step.b), get(step.c));
        break;
      case Op::check_compare:
        good = compares(static_cast<Comparison>(step.d), get(step.b), get(step.c));
        break;
      case Op::check_prefix:
        if (get(step.b).is(Kind::string) && get(step.c).is(Kind::string)) {
          good = get(step.b).text().starts_with(get(step.c).text());
          break;
        }
        good = call_prefix(program, step, r);
        break;
      case Op::check_array:
        good = get(step.b).is(Kind::array) && get(step.b).size() == at(step.c);
        break;
      case Op::check_object:
        good = get(step.b).is(Kind::object) && get(step.b).size() == at(step.c);
        break;
      case Op::element:
        r[at(step.a)].value = &get(step.b).elements()[at(step.c)];
        break;
      case Op::array:
      case Op::set:
      case Op::object:
        (void)make(program, step, r);
        break;
      case Op::call:
        good = call(program, step, r);
        break;
      case Op::function:
        good = call_function(program, step, r);
        break;
      case Op::document: {
        const Value* value = nullptr;
        good = document(*program.nodes[at(step.b)], value) && set(step.a, value);
        break;
      }
      case Op::document_key:
        good = keyed_document(*program.nodes[at(step.b)], get(step.c), r[at(step.a)]);
        break;
      case Op::gather: {
        auto& collection = workspace_->collections[first_collection + at(step.a)];
        collection.elements.clear();
        collection.members.clear();
        break;
      }
      case Op::collect:
        collect(program, step, r, first_collection + at(step.a));
        break;
      case Op::array_of:
      case Op::set_of:
      case Op::object_of:
        (void)close(program, step, r, first_collection + at(step.b));
        break;
      case Op::yield:
        if (!yield(program, step, r, sink)) {
          return error_ ? Outcome::failed : Outcome::finished;
        }
        break;
      case Op::jump:
        good = false;
        break;
      case Op::finish:
        return Outcome::finished;
      case Op::end:
        return Outcome::ended;
    }
    if (error_) {
      return Outcome::failed;
    }
    if (!good) {
      pc = step.jump;
    }
  }
}

const Value* Machine::input_at(std::span<const Value> path) const {
  const Value* value = settings_.input;
  for (std::size_t i = 0; i < path.size() && value != nullptr; ++i) {
    value = look_up(*value, path[i]);
  }
  return value;
}

const Value* Machine::data_at(std::span<const Value> path) const {
  const Value* value = settings_.data;
  for (std::size_t i = 0; i < path.size() && value != nullptr; ++i) {
    value = look_up(*value, path[i]);
  }
  return value;
}

const Value* Machine::look_up(const Value& value, const Value& key) {
  if (value.is(Kind::object)) {
    return value.find(key);
  }
  if (value.is(Kind::array)) {
    const auto index = key.small_integer();
    return index && *index >= 0 && static_cast<std::size_t>(*index) < value.size()
               ? &value.elements()[static_cast<std::size_t>(*index)]
               : nullptr;
  }
  if (value.is(Kind::set)) {
    const auto all = value.elements();
    const auto found = std::lower_bound(all.begin(), all.end(), key);
    return found != all.end() && equal(*found, key) ? &*found : nullptr;
  }
  return nullptr;
}

// Keys of given data are texts, whatever the policy writes.
const Value* Machine::data_look_up(const Value& value, const Value& key,
                                   std::span<const std::int32_t> above,
                                   std::span<const Slot> r) const {
  const Value* out = look_up(value, key);
  const bool by_text = out == nullptr && key.is(Kind::number) && value.is(Kind::object) &&
                       std::ranges::all_of(above, [&](std::int32_t parent) {
                         return r[at(parent)].value->is(Kind::object);
                       });
  return by_text ? value.find(std::string_view(key.text())) : out;
}

void Machine::begin_loop(Workspace::Loop& loop, const Value& domain, bool& good) {
  loop = {};
  if (domain.is(Kind::object)) {
    loop.members = domain.members().data();
  } else if (domain.is(Kind::array) || domain.is(Kind::set)) {
    loop.elements = domain.elements().data();
    loop.keys_are_elements = domain.is(Kind::set);
  } else {
    good = false;
    return;
  }
  loop.size = domain.size();
}

bool Machine::next(Workspace::Loop& loop, const Step& step, std::span<Slot> r) {
  if (loop.at == loop.size) {
    return false;
  }
  const std::size_t i = loop.at++;
  if (loop.members != nullptr) {
    r[at(step.c)].value = &loop.members[i].second;
    if (step.b >= 0) {
      r[at(step.b)].value = &loop.members[i].first;
    }
    return true;
  }
  r[at(step.c)].value = &loop.elements[i];
  if (step.b >= 0) {
    if (loop.keys_are_elements) {
      r[at(step.b)].value = &loop.elements[i];
    } else {
      keep(r[at(step.b)], Value::integer(static_cast<std::int64_t>(i)));
    }
  }
  return true;
}

bool Machine::charge(const Program& program, std::uint64_t units) {
  return environment_.charge(units).has_value() ||
         failed_at(Errc::budget_exhausted,
                   program.rule == nullptr ? Location{} : program.rule->location,
                   "the evaluation's budget is used up");
}

bool Machine::make(const Program& program, const Step& step, std::span<Slot> r) {
  const auto& parts = program.lists[at(step.b)];
  if (!charge(program, kItemCharge * parts.size())) {
    return false;
  }
  Parts<Value> values;
  if (step.op == Op::object) {
    Parts<Value::Member> members;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
      members.add({*r[at(parts[i])].value, *r[at(parts[i + 1])].value});
    }
    keep(r[at(step.a)], Value::object_from(members.all()));
    return true;
  }
  for (const std::int32_t part : parts) {
    values.add(*r[at(part)].value);
  }
  keep(r[at(step.a)],
       step.op == Op::array ? Value::array_from(values.all()) : Value::set_from(values.all()));
  return true;
}

void Machine::collect(const Program& program, const Step& step, std::span<const Slot> r,
                      std::size_t collection) {
  auto& into = workspace_->collections[collection];
  if (!charge(program, kItemCharge)) {
    return;
  }
  if (step.c >= 0) {
    into.members.emplace_back(*r[at(step.b)].value, *r[at(step.c)].value);
  } else {
    into.elements.push_back(*r[at(step.b)].value);
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
                 [&](std::size_t) -> const Location& { return *program.locations[at(step.d)]; },
                 out)) {
    return false;
  }
  from.elements.clear();
  from.members.clear();
  keep(r[at(step.a)], std::move(out));
  return true;
}

bool Machine::join_members(Workspace::Collection& collection, LocationOf location, Value& out) {
  auto& members = collection.members;
  std::vector<std::size_t> order(members.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return members[a].first < members[b].first; });
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

// ---- calls ----

bool Machine::call(const Program& program, const Step& step, std::span<Slot> r) {
  const builtins::Builtin& builtin = *program.builtins[at(step.b)];
  Parts<Value> operands;
  for (const std::int32_t argument : program.lists[at(step.c)]) {
    operands.add(*r[at(argument)].value);
  }
  return take_answer(builtin, *program.locations[at(step.b)],
                     builtin.function(builtins::Call(operands.all(), environment_)), r[at(step.a)]);
}

bool Machine::take_answer(const builtins::Builtin& builtin, const Location& location,
                          builtins::Answer answer, Slot& out) {
  if (answer) {
    if (*answer) {
      keep(out, std::move(**answer));
    }
    return answer->has_value();
  }
  const Error& error = answer.error();
  if (error == builtins::CallErrc::exhausted) {
    return failed_at(Errc::budget_exhausted, location, error.message());
  }
  if (!settings_.strict_errors) {
    return false;
  }
  const bool type = error == builtins::CallErrc::type_error;
  return failed_at(type ? Errc::eval_type_error : Errc::eval_builtin, location,
                   std::string(builtin.name) + ": " + error.message());
}

// startswith of something else than two strings: undefined or an error.
bool Machine::call_prefix(const Program& program, const Step& step, std::span<Slot> r) {
  const builtins::Builtin& builtin = *program.builtins[at(step.d)];
  const Value operands[] = {*r[at(step.b)].value, *r[at(step.c)].value};
  Slot out;
  return take_answer(builtin, *program.locations[at(step.d)],
                     builtin.function(builtins::Call(operands, environment_)), out) &&
         out.value->as_boolean();
}

bool Machine::call_function(const Program& program, const Step& step, std::span<Slot> r) {
  Parts<const Value*> arguments;
  for (const std::int32_t argument : program.lists[at(step.c)]) {
    arguments.add(r[at(argument)].value);
  }
  std::optional<Value> out;
  if (!function(*program.nodes[at(step.b)], arguments.all(), out) || !out) {
    return false;
  }
  keep(r[at(step.a)], std::move(*out));
  return true;
}

bool Machine::yield(const Program& program, const Step& step, std::span<Slot> r, Sink& sink) {
  if (sink.row != nullptr) {
    return (*sink.row)(r);
  }
  const Value& value = *r[at(step.b)].value;
  sink.found = true;
  if (sink.collection != nullptr) {
    if (!charge(program, kItemCharge)) {
      return false;
    }
    if (sink.kind == Plan::Kind::object) {
      sink.collection->members.emplace_back(*r[at(step.c)].value, value);
      sink.rules->push_back(program.rule);
    } else {
      sink.collection->elements.push_back(value);
    }
    return true;
  }
  if (*sink.out && !equal(**sink.out, value)) {
    return failed_at(Errc::eval_conflict, program.rule->location,
                     sink.kind == Plan::Kind::function
                         ? "functions must not produce multiple outputs for same inputs"
                     : sink.kind == Plan::Kind::complete
                         ? "complete rules must not produce multiple outputs"
                         : "object keys must be unique");
  }
  *sink.out = value;
  return true;
}

}  // namespace unhidra::rego
