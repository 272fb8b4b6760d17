// The instructions.
#include "engine/machine.h"

#include <algorithm>

namespace unhidra::rego {
namespace {

const Value& nothing(bool is_set) {
  static const Value kNoArray = Value::array({});
  static const Value kNoSet = Value::set({});
  return is_set ? kNoSet : kNoArray;
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

}  // namespace

Machine::Machine(const Policy& policy, const Plans& plans, builtins::Environment& environment,
                 EvaluatorSettings settings)
    : policy_(policy),
      plans_(plans),
      environment_(environment),
      work_(environment),
      settings_(std::move(settings)),
      workspace_(Workspace::borrow()) {}

Machine::~Machine() {
  workspace_->end();
  Workspace::give_back(std::move(workspace_));
}

Status Machine::run(const Program& query, Row row) {
  Sink sink{.row = &row};
  workspace_->begin(query.known);
  if (run_program(query, {}, sink) == Outcome::failed || !is_good()) {
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

bool Machine::exhausted(const Program& program) {
  return failed_at(Errc::budget_exhausted,
                   program.rule == nullptr ? Location{} : program.rule->location,
                   "the evaluation's budget is used up");
}

bool Machine::too_deep(const Location& location) {
  return failed_at(Errc::budget_exhausted, location, "the value is nested too deeply");
}

bool Machine::is_good() {
  return !environment_.is_exhausted() ||
         failed_at(Errc::budget_exhausted, {}, "the evaluation's budget is used up");
}

Machine::Outcome Machine::run_program(const Program& program,
                                      std::span<const Value* const> arguments, Sink& sink) {
  const auto registers = workspace_->registers(program.registers);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    registers[nth(program.arguments) + i].value = arguments[i];
  }
  const std::size_t loops = workspace_->loops.size();
  const std::size_t collections = workspace_->collections_used;
  workspace_->loops.resize(loops + program.loops);
  workspace_->use_collections(program.collections);
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
    r[nth(a)].value = value;
    return value != nullptr;
  };
  const auto get = [&](std::int32_t a) -> const Value& { return *r[nth(a)].value; };
  for (std::size_t pc = 0;;) {
    const Step& step = program.steps[pc++];
    if (!within_budget(program)) {
      return Outcome::failed;
    }
    bool good = true;
    switch (step.op) {
      case Op::constant:
        r[nth(step.a)].value = &program.constants[nth(step.b)];
        break;
      case Op::input:
        good = set(step.a, settings_.input);
        break;
      case Op::input_path:
        good = set(step.a, input_at(program.paths[nth(step.b)]));
        break;
      case Op::data_path:
        good = set(step.a, data_at(program.paths[nth(step.b)]));
        break;
      case Op::move:
        r[nth(step.a)].value = r[nth(step.b)].value;
        break;
      case Op::field:
        good = set(step.a, get(step.b).find(program.constants[nth(step.c)]));
        if (!good && get(step.b).is(Kind::set)) {
          good = set(step.a, look_up(get(step.b), program.constants[nth(step.c)]));
        }
        break;
      case Op::lookup:
        good = set(step.a, look_up(get(step.b), get(step.c)));
        break;
      case Op::data_lookup:
        good = set(step.a, data_look_up(get(step.b), get(step.c), program.lists[nth(step.d)], r));
        break;
      case Op::loop:
        begin_loop(workspace_->loops[first_loop + nth(step.a)], get(step.b), good);
        break;
      case Op::loop_where: {
        auto& loop = workspace_->loops[first_loop + nth(step.a)];
        begin_loop(loop, get(step.b), good);
        if (good && settings_.loaded != nullptr) {
          settings_.loaded->narrow(nth(step.d), get(step.b), get(step.c), loop.picked, loop.size);
        }
        break;
      }
      case Op::next:
        good = next(workspace_->loops[first_loop + nth(step.a)], step, r);
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
        good = get(step.b).is(Kind::array) && get(step.b).size() == nth(step.c);
        break;
      case Op::check_object:
        good = get(step.b).is(Kind::object) && get(step.b).size() == nth(step.c);
        break;
      case Op::element:
        r[nth(step.a)].value = &get(step.b).elements()[nth(step.c)];
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
        good = document(*program.nodes[nth(step.b)], value) && set(step.a, value);
        break;
      }
      case Op::document_key:
        good = keyed_document(*program.nodes[nth(step.b)], get(step.c), r[nth(step.a)]);
        break;
      case Op::gather: {
        workspace_->collections[first_collection + nth(step.a)].clear();
        break;
      }
      case Op::collect:
        collect(program, step, r, first_collection + nth(step.a));
        break;
      case Op::array_of:
      case Op::set_of:
      case Op::object_of:
        (void)close(program, step, r, first_collection + nth(step.b));
        break;
      case Op::group_of:
        make_groups(step, r, first_collection + nth(step.b));
        break;
      case Op::known: {
        const auto& kept = workspace_->known(nth(step.b));
        good = !kept.computed;  // goes on when it is to be made
        r[nth(step.a)].value = kept.computed ? &*kept.value : nullptr;
        break;
      }
      case Op::remember: {
        auto& kept = workspace_->known(nth(step.b));
        kept.value = get(step.a);
        kept.computed = true;
        r[nth(step.a)].value = &*kept.value;
        break;
      }
      case Op::group: {
        const Value* found = look_up(get(step.b), get(step.c));
        r[nth(step.a)].value = found != nullptr ? found : &nothing(step.d == 1);
        break;
      }
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
                         return r[nth(parent)].value->is(Kind::object);
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
  const std::size_t i = loop.picked == nullptr ? loop.at : loop.picked[loop.at];
  ++loop.at;
  if (loop.members != nullptr) {
    r[nth(step.c)].value = &loop.members[i].second;
    if (step.b >= 0) {
      r[nth(step.b)].value = &loop.members[i].first;
    }
    return true;
  }
  r[nth(step.c)].value = &loop.elements[i];
  if (step.b >= 0) {
    if (loop.keys_are_elements) {
      r[nth(step.b)].value = &loop.elements[i];
    } else {
      r[nth(step.b)].keep(Value::integer(static_cast<std::int64_t>(i)));
    }
  }
  return true;
}

bool Machine::charge(const Program& program, std::uint64_t units) {
  return environment_.charge(units).has_value() || exhausted(program);
}

bool Machine::yield(const Program& program, const Step& step, std::span<Slot> r, Sink& sink) {
  if (sink.row != nullptr) {
    return (*sink.row)(r);
  }
  const Value& value = *r[nth(step.b)].value;
  sink.found = true;
  if (sink.collection != nullptr) {
    if (!charge(program, kItemCharge)) {
      return false;
    }
    if (sink.kind == Plan::Kind::object) {
      sink.collection->members.emplace_back(*r[nth(step.c)].value, value);
      sink.collection->rules.push_back(program.rule);
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
