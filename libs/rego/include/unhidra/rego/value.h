#pragma once
// Values of the language: an immutable tree, numbers as their text, sets and
// objects in term order.
//
// A value is one pointer to counted nodes, which any threads may share. Nodes are recycled within a
// thread (src/values/node_pool.h): making and dropping small values asks for no memory.
//
// Values may share their parts, so that some few nodes can be a tree of more than any machine could
// go over: each node knows what it weighs. Comparisons of heavy values take what they do from the
// evaluation under way on the thread (src/values/work.h), which ends when it has used up its own.

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unhidra::rego {

// In the order in which the language sorts values of different types.
enum class Kind : std::uint8_t { null, boolean, number, string, array, object, set };
std::string_view kind_name(Kind kind);

class Value {
 public:
  using Member = std::pair<Value, Value>;

  Value() = default;  // null
  Value(const Value& other) : node_(other.node_) { retain(); }
  Value(Value&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Value& operator=(const Value& other) {
    Value(other).swap(*this);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    Value(std::move(other)).swap(*this);
    return *this;
  }
  ~Value() { release(); }
  void swap(Value& other) noexcept { std::swap(node_, other.node_); }

  static Value boolean(bool value);
  // A JSON number, kept as it is written.
  static Value number(std::string text);
  static Value integer(std::int64_t value);
  static Value string(std::string text);
  // `write` is given an empty text to add to, which may have room from before.
  template <class Write>
  static Value string_by(Write write) {
    TextNode* node = new_text(Kind::string);
    Value out(node);
    write(node->text);
    weigh(*node);
    return out;
  }
  static Value array(std::vector<Value> elements);
  // Sorts, and drops duplicates.
  static Value set(std::vector<Value> elements);
  // Sorts; of two members with one key the later stays.
  static Value object(std::vector<Member> members);
  // The same from elements that are moved out of the span.
  static Value array_from(std::span<Value> elements);
  static Value set_from(std::span<Value> elements);
  static Value object_from(std::span<Member> members);

  Kind kind() const { return node_ != nullptr ? node_->kind : Kind::null; }
  bool is(Kind wanted) const { return kind() == wanted; }
  bool as_boolean() const {
    return node_ != nullptr && node_->flag && node_->kind == Kind::boolean;
  }
  // The text of a string or a number.
  const std::string& text() const { return has_text() ? text_node()->text : kNoText; }
  // A number that is written as an integer of at most 18 digits.
  std::optional<std::int64_t> small_integer() const {
    return is(Kind::number) && node_->flag ? std::optional(text_node()->integer) : std::nullopt;
  }
  // Elements of arrays and sets.
  std::span<const Value> elements() const;
  std::span<const Member> members() const;
  std::size_t size() const { return kind() >= Kind::array ? node_->size : 0; }
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  bool contains(const Value& element) const;
  // One node: equal without looking.
  bool same_as(const Value& other) const { return node_ == other.node_; }

  // Of the whole tree, parts that stand in several places counted in each: its nodes and the bytes
  // of its texts, about what writing it takes. kTooHeavy: that much or more.
  static constexpr std::uint32_t kTooHeavy = 0xFFFF'FFFF;
  std::uint32_t weight() const { return node_ != nullptr ? node_->weight : 1; }
  // Lists and objects inside each other; at most 65,535. What weighs kLight or less is 0: it cannot
  // be deeper than that.
  static constexpr std::uint32_t kLight = 1'024;
  std::uint32_t depth() const { return node_ != nullptr ? node_->depth : 0; }

 private:
  struct alignas(8) Node {
    Node(Kind kind_of_it, std::uint32_t owners_at_first)
        : owners(owners_at_first), kind(kind_of_it) {}
    mutable std::atomic<std::uint32_t> owners;  // kImmortal: not counted
    Kind kind;
    bool flag = false;  // what a boolean is; a number: `integer` is it
    std::uint16_t depth = 0;
    std::uint32_t size = 0;  // of a list or an object: how many follow the node
    std::uint32_t weight = 1;
  };
  struct TextNode : Node {
    using Node::Node;
    std::string text;
    std::int64_t integer = 0;
  };
  static const std::string kNoText;
  static constexpr std::uint32_t kImmortal = 0xFFFF'FFFF;

  explicit Value(const Node* node) : node_(node) {}
  void retain() const {
    if (node_ != nullptr && node_->owners.load(std::memory_order_relaxed) != kImmortal) {
      node_->owners.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void release() {
    if (node_ != nullptr && node_->owners.load(std::memory_order_relaxed) != kImmortal &&
        node_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy(node_);
    }
  }
  bool has_text() const {
    return node_ != nullptr && (node_->kind == Kind::string || node_->kind == Kind::number);
  }
  const TextNode* text_node() const { return static_cast<const TextNode*>(node_); }
  // What follows a list's or an object's node.
  template <class Item>
  const Item* items() const {
    return reinterpret_cast<const Item*>(reinterpret_cast<const char*>(node_) + sizeof(Node));
  }
  static void destroy(const Node* node);
  static void destroy_one(const Node* node);
  class TextPool;
  static TextNode* new_text(Kind kind);
  static Node* new_composite(Kind kind, std::size_t size, std::size_t item);
  static void weigh(TextNode& node) {
    node.weight =
        static_cast<std::uint32_t>(node.text.size() < kTooHeavy ? node.text.size() + 1 : kTooHeavy);
  }
  // Of what a list or an object is made from.
  class Measure;

  const Node* node_ = nullptr;
};

inline std::span<const Value> Value::elements() const {
  const bool is_list = is(Kind::array) || is(Kind::set);
  return is_list ? std::span(items<Value>(), node_->size) : std::span<const Value>();
}
inline std::span<const Value::Member> Value::members() const {
  return is(Kind::object) ? std::span(items<Member>(), node_->size) : std::span<const Member>();
}

// Term order: null, booleans, numbers, strings, arrays, objects, sets.
int compare(const Value& a, const Value& b);
bool equal(const Value& a, const Value& b);
inline bool operator==(const Value& a, const Value& b) {
  return equal(a, b);
}
inline bool operator<(const Value& a, const Value& b) {
  return compare(a, b) < 0;
}
int compare_numbers(std::string_view a, std::string_view b);

// The value as a term of the language: {"a": [1, set()]}.
std::string to_term(const Value& value);

}  // namespace unhidra::rego
