#include "unhidra/rego/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>
#include <new>

#include "builtins/json_text.h"
#include "values/node_pool.h"
#include "values/work.h"

namespace unhidra::rego {

// Ready before the constants of other files, which may ask for texts.
[[gnu::init_priority(101)]] const std::string Value::kNoText;

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"null",  "boolean", "number", "string",
                                                      "array", "object",  "set"};
  return kNames[static_cast<std::size_t>(kind)];
}

namespace {

// Canonical integers only: 1.0, 1e2 and -0 are equal to integers but written otherwise.
bool read_small_integer(std::string_view text, std::int64_t& out) {
  const std::size_t digits = text.size() - (text.starts_with('-') ? 1 : 0);
  if (digits == 0 || digits > 18 || text == "-0" ||
      (digits > 1 && text[text.size() - digits] == '0')) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

template <class Item>
Item* items_of(const void* node, std::size_t header) {
  return reinterpret_cast<Item*>(const_cast<char*>(static_cast<const char*>(node)) + header);
}

}  // namespace

Value::Node* Value::new_composite(Kind kind, std::size_t size, std::size_t item) {
  static_assert(sizeof(Node) % alignof(Member) == 0);
  auto* node = new (NodePool::take(sizeof(Node) + size * item)) Node(kind, 1);
  node->size = static_cast<std::uint32_t>(size);
  return node;
}

// Nodes of texts that were dropped, each with the room that its text had.
class Value::TextPool {
 public:
  static TextNode* take(Kind kind) {
    if (kRecycles && !ended_) {
      TextPool& all = pool();
      if (all.count_ > 0) {
        TextNode* out = all.free_[--all.count_];
        out->owners.store(1, std::memory_order_relaxed);
        out->kind = kind;
        out->flag = false;
        return out;
      }
    }
    return new TextNode(kind, 1);
  }
  static void give(TextNode* node) {
    if (kRecycles && !ended_ && node->text.capacity() <= kMaxRoom) {
      TextPool& all = pool();
      if (all.count_ < all.free_.size()) {
        node->text.clear();
        all.free_[all.count_++] = node;
        return;
      }
    }
    delete node;
  }

 private:
  static constexpr std::size_t kMaxRoom = 256;

  ~TextPool() {
    ended_ = true;
    std::for_each_n(free_.begin(), count_, [](TextNode* node) { delete node; });
  }
  static TextPool& pool() {
    static thread_local TextPool one;
    return one;
  }

  // Values may outlive the pool of their thread.
  static inline thread_local bool ended_ = false;
  std::array<TextNode*, 1'024> free_;
  std::size_t count_ = 0;
};

Value::TextNode* Value::new_text(Kind kind) {
  return TextPool::take(kind);
}

inline void Value::destroy_one(const Node* node) {
  auto* dead = const_cast<Node*>(node);
  if (node->kind == Kind::number || node->kind == Kind::string) {
    return TextPool::give(static_cast<TextNode*>(dead));
  }
  std::size_t bytes = sizeof(Node);
  if (node->kind == Kind::object) {
    std::destroy_n(items_of<Member>(node, sizeof(Node)), node->size);
    bytes += node->size * sizeof(Member);
  } else {
    std::destroy_n(items_of<Value>(node, sizeof(Node)), node->size);
    bytes += node->size * sizeof(Value);
  }
  NodePool::give(dead, bytes);
}

void Value::destroy(const Node* node) {
  constexpr std::uint16_t kShallow = 64;  // above what is light
  if (node->depth <= kShallow) [[likely]] {
    return destroy_one(node);
  }
  // What is deep is taken apart one after the other: the stack does not follow it. Apart from the
  // rest, which is called for every value.
  const auto destroy_deep = [](const Node* first) __attribute__((noinline)) {
    static thread_local std::vector<const Node*>* dying = nullptr;
    if (dying != nullptr) {
      dying->push_back(first);
      return;
    }
    std::vector<const Node*> deep = {first};
    dying = &deep;
    while (!deep.empty()) {
      const Node* next = deep.back();
      deep.pop_back();
      destroy_one(next);
    }
    dying = nullptr;
  };
  destroy_deep(node);
}

Value Value::boolean(bool value) {
  struct Constants {
    Node no{Kind::boolean, kImmortal};
    Node yes{Kind::boolean, kImmortal};
    Constants() { yes.flag = true; }
  };
  static Constants constants;
  return Value(value ? &constants.yes : &constants.no);
}

Value Value::number(std::string text) {
  TextNode* node = new_text(Kind::number);
  node->text = std::move(text);
  node->flag = read_small_integer(node->text, node->integer);
  weigh(*node);
  return Value(node);
}

Value Value::integer(std::int64_t value) {
  return number(std::to_string(value));
}

Value Value::string(std::string text) {
  TextNode* node = new_text(Kind::string);
  node->text = std::move(text);
  weigh(*node);
  return Value(node);
}

class Value::Measure {
 public:
  void add(const Value& part) { weight_ += part.weight(); }
  // What is light is not followed once more: it cannot be deep.
  template <class Item>
  void write(Node& node, std::span<const Item> items) const {
    node.weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(weight_, kTooHeavy));
    node.depth = 0;
    if (weight_ > kLight) [[unlikely]] {
      std::uint32_t deepest = 0;
      for (const Item& item : items) {
        deepest = std::max(deepest, depth_of(item));
      }
      node.depth = static_cast<std::uint16_t>(std::min(deepest + 1, 0xFFFFU));
    }
  }

 private:
  static std::uint32_t depth_of(const Value& value) { return value.depth(); }
  static std::uint32_t depth_of(const Member& member) {
    return std::max(member.first.depth(), member.second.depth());
  }

  std::uint64_t weight_ = 1;
};

Value Value::array_from(std::span<Value> elements) {
  Node* node = new_composite(Kind::array, elements.size(), sizeof(Value));
  Measure measure;
  auto* to = items_of<Value>(node, sizeof(Node));
  for (Value& element : elements) {
    measure.add(element);
    new (to++) Value(std::move(element));
  }
  measure.write(*node,
                std::span<const Value>(items_of<Value>(node, sizeof(Node)), elements.size()));
  return Value(node);
}

namespace {

constexpr std::size_t kFewMembers = 24;

// By insertion, which keeps the order of equals and needs no memory.
template <class Item, class Before>
void sort_few(std::span<Item> items, Before before) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    for (std::size_t k = i; k > 0 && before(items[k], items[k - 1]); --k) {
      std::swap(items[k], items[k - 1]);
    }
  }
}

// Each less than the next. Few are looked at without asking for work.
template <class Item, class Key>
bool is_in_order(std::span<Item> items, Key key, WorkOrder& order) {
  const bool few = items.size() <= kFewMembers;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if ((few || order.goes_on()) &&
        compare(std::invoke(key, items[i - 1]), std::invoke(key, items[i])) >= 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

Value Value::set_from(std::span<Value> elements) {
  WorkOrder before;
  if (!is_in_order(elements, std::identity(), before)) {
    std::ranges::sort(elements, std::ref(before));
    const auto extra = std::ranges::unique(elements);
    elements = elements.first(static_cast<std::size_t>(extra.begin() - elements.begin()));
  }
  Value out = array_from(elements);
  const_cast<Node*>(out.node_)->kind = Kind::set;
  return out;
}

Value Value::object_from(std::span<Member> members) {
  WorkOrder order;
  if (!is_in_order(members, &Member::first, order)) {
    // By key, and members of one key in the order in which they came: the last one stays.
    const auto before = [&](const Member& a, const Member& b) { return order(a.first, b.first); };
    if (members.size() <= kFewMembers) {
      sort_few(members, before);
    } else {
      std::ranges::stable_sort(members, before);
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (kept > 0 && members[kept - 1].first == members[i].first) {
        members[kept - 1].second = std::move(members[i].second);
      } else if (kept++ != i) {
        members[kept - 1] = std::move(members[i]);
      }
    }
    members = members.first(kept);
  }
  Node* node = new_composite(Kind::object, members.size(), sizeof(Member));
  Measure measure;
  auto* to = items_of<Member>(node, sizeof(Node));
  for (Member& member : members) {
    measure.add(member.first);
    measure.add(member.second);
    new (to++) Member(std::move(member));
  }
  measure.write(*node,
                std::span<const Member>(items_of<Member>(node, sizeof(Node)), members.size()));
  return Value(node);
}

Value Value::array(std::vector<Value> elements) {
  return array_from(elements);
}
Value Value::set(std::vector<Value> elements) {
  return set_from(elements);
}
Value Value::object(std::vector<Member> members) {
  return object_from(members);
}

const Value* Value::find(const Value& key) const {
  if (key.is(Kind::string)) {
    return find(std::string_view(key.text()));
  }
  const auto all = members();
  const auto at = std::ranges::lower_bound(
      all, key, [](const Value& a, const Value& b) { return a < b; }, &Member::first);
  return at != all.end() && at->first == key ? &at->second : nullptr;
}

const Value* Value::find(std::string_view key) const {
  constexpr std::size_t kFew = 8;
  const auto all = members();
  if (all.size() <= kFew) {
    for (const auto& [name, value] : all) {
      if (name.is(Kind::string) && name.text() == key) {
        return &value;
      }
    }
    return nullptr;
  }
  const auto is_before = [](const Member& member, std::string_view wanted) {
    const Value& name = member.first;
    return name.is(Kind::string) ? name.text() < wanted : name.kind() < Kind::string;
  };
  const auto at = std::lower_bound(all.begin(), all.end(), key, is_before);
  const bool found = at != all.end() && at->first.is(Kind::string) && at->first.text() == key;
  return found ? &at->second : nullptr;
}

bool Value::contains(const Value& element) const {
  return std::ranges::binary_search(elements(), element,
                                    [](const Value& a, const Value& b) { return a < b; });
}

namespace {

void write_term(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.as_boolean() ? "true" : "false";
      return;
    case Kind::number:
      out += value.text();
      return;
    case Kind::string:
      builtins::write_quoted(value.text(), false, out);
      return;
    default:
      break;
  }
  if (value.is(Kind::set) && value.size() == 0) {
    out += "set()";
    return;
  }
  bool first = true;
  const auto comma = [&] { out += std::exchange(first, false) ? "" : ", "; };
  out += value.is(Kind::array) ? '[' : '{';
  for (const Value& element : value.elements()) {
    comma();
    write_term(element, out);
  }
  for (const auto& [key, member] : value.members()) {
    comma();
    write_term(key, out);
    out += ": ";
    write_term(member, out);
  }
  out += value.is(Kind::array) ? ']' : '}';
}

}  // namespace

std::string to_term(const Value& value) {
  std::string out;
  if (WorkScope::has_room(value)) {
    write_term(value, out);
  }
  return out;
}

}  // namespace unhidra::rego
