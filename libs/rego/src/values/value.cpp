#include "unhidra/rego/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <new>

#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "values/node_pool.h"

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

void Value::destroy(const Node* node) {
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
  return Value(node);
}

Value Value::integer(std::int64_t value) {
  return number(std::to_string(value));
}

Value Value::string(std::string text) {
  TextNode* node = new_text(Kind::string);
  node->text = std::move(text);
  return Value(node);
}

Value Value::array_from(std::span<Value> elements) {
  Node* node = new_composite(Kind::array, elements.size(), sizeof(Value));
  std::ranges::uninitialized_move(elements,
                                  std::span(items_of<Value>(node, sizeof(Node)), elements.size()));
  return Value(node);
}

Value Value::set_from(std::span<Value> elements) {
  if (std::ranges::adjacent_find(elements, [](const Value& a, const Value& b) {
        return compare(a, b) >= 0;
      }) != elements.end()) {
    std::ranges::sort(elements, [](const Value& a, const Value& b) { return a < b; });
    const auto extra = std::ranges::unique(elements);
    elements = elements.first(static_cast<std::size_t>(extra.begin() - elements.begin()));
  }
  Value out = array_from(elements);
  const_cast<Node*>(out.node_)->kind = Kind::set;
  return out;
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

}  // namespace

Value Value::object_from(std::span<Member> members) {
  const auto before = [](const Member& a, const Member& b) { return a.first < b.first; };
  if (std::ranges::adjacent_find(members, [](const Member& a, const Member& b) {
        return compare(a.first, b.first) >= 0;
      }) != members.end()) {
    // By key, and members of one key in the order in which they came: the last one stays.
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
  std::ranges::uninitialized_move(members,
                                  std::span(items_of<Member>(node, sizeof(Node)), members.size()));
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

int compare_numbers(std::string_view a, std::string_view b) {
  if (a == b) {
    return 0;
  }
  return builtins::compare_decimals(a, b);
}

namespace {

template <class Range, class Compare>
int compare_sequences(const Range& a, const Range& b, Compare compare_items) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = compare_items(a[i], b[i])) {
      return order;
    }
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// Keys first, one after the other, then the values of equal keys.
int compare_members(const Value::Member& a, const Value::Member& b) {
  const int order = compare(a.first, b.first);
  return order != 0 ? order : compare(a.second, b.second);
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  if (a.same_as(b)) {
    return true;
  }
  if (a.kind() != b.kind()) {
    return false;
  }
  if (a.is(Kind::string)) {
    return a.text() == b.text();
  }
  return a.size() == b.size() && compare(a, b) == 0;
}

int compare(const Value& a, const Value& b) {
  if (a.same_as(b)) {
    return 0;
  }
  if (a.kind() != b.kind()) {
    return a.kind() < b.kind() ? -1 : 1;
  }
  switch (a.kind()) {
    case Kind::null:
      return 0;
    case Kind::boolean:
      return static_cast<int>(a.as_boolean()) - static_cast<int>(b.as_boolean());
    case Kind::number: {
      const auto x = a.small_integer();
      const auto y = b.small_integer();
      if (x && y) {
        return *x < *y ? -1 : *x > *y ? 1 : 0;
      }
      return compare_numbers(a.text(), b.text());
    }
    case Kind::string: {
      const int order = a.text().compare(b.text());
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    case Kind::array:
    case Kind::set:
      return compare_sequences(a.elements(), b.elements(),
                               [](const Value& x, const Value& y) { return compare(x, y); });
    case Kind::object:
      break;
  }
  return compare_sequences(a.members(), b.members(), compare_members);
}

std::string to_term(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Kind::number:
      return value.text();
    case Kind::string:
      return builtins::quote_json(value.text());
    case Kind::array:
    case Kind::set: {
      if (value.is(Kind::set) && value.size() == 0) {
        return "set()";
      }
      std::string out;
      for (const Value& element : value.elements()) {
        out += (out.empty() ? "" : ", ") + to_term(element);
      }
      return value.is(Kind::array) ? "[" + out + "]" : "{" + out + "}";
    }
    case Kind::object:
      break;
  }
  std::string out;
  for (const auto& [key, member] : value.members()) {
    out += (out.empty() ? "" : ", ") + to_term(key) + ": " + to_term(member);
  }
  return "{" + out + "}";
}

}  // namespace unhidra::rego
