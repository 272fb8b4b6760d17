// Term order. What is light is compared at once, what is heavy in counted work: values that share
// their parts would otherwise take for ever.
#include <algorithm>
#include <utility>

#include "unhidra/rego/value.h"

#include "builtins/number_math.h"
#include "values/work.h"

namespace unhidra::rego {

int compare_numbers(std::string_view a, std::string_view b) {
  if (a == b) {
    return 0;
  }
  return builtins::compare_decimals(a, b);
}

namespace {

// The comparison is over before it would be counted.
bool is_light(const Value& a, const Value& b) {
  return std::min(a.weight(), b.weight()) <= Value::kLight;
}

int compare_sizes(std::size_t a, std::size_t b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Takes what light parts cost together, and long texts by the machine's width.
class HeavyComparison {
 public:
  bool add(const Value& a, const Value& b) {
    const std::uint64_t least = std::min(a.weight(), b.weight());
    units_ += a.kind() < Kind::array || b.kind() < Kind::array ? 1 + least / 16 : least;
    return units_ < kEvery || flush();
  }
  bool flush() { return WorkScope::take(std::exchange(units_, 0)); }

 private:
  static constexpr std::uint64_t kEvery = 4'096;
  std::uint64_t units_ = 0;
};

// As compare(), of two values of one kind. A part that is heavy itself counts its own parts.
int compare_heavy(const Value& a, const Value& b) {
  if (!WorkScope::take(1)) {
    return 0;
  }
  const std::size_t size = std::min(a.size(), b.size());
  HeavyComparison work;
  const auto part = [&](const Value& x, const Value& y, int& order) {
    if (x.same_as(y)) {
      return work.add({}, {});
    }
    const bool counts_itself = x.kind() >= Kind::array && !is_light(x, y);
    if (!(counts_itself ? work.add({}, {}) : work.add(x, y))) {
      return false;
    }
    order = compare(x, y);
    return order == 0;
  };
  int order = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const bool goes_on = a.is(Kind::object)
                             ? part(a.members()[i].first, b.members()[i].first, order) &&
                                   part(a.members()[i].second, b.members()[i].second, order)
                             : part(a.elements()[i], b.elements()[i], order);
    if (!goes_on) {
      return order;
    }
  }
  return work.flush() ? compare_sizes(a.size(), b.size()) : 0;
}

int compare_elements(const Value& a, const Value& b) {
  const auto x = a.elements();
  const auto y = b.elements();
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (const int order = compare(x[i], y[i])) {
      return order;
    }
  }
  return compare_sizes(x.size(), y.size());
}

// Keys first, one after the other, then the values of equal keys.
int compare_members(const Value& a, const Value& b) {
  const auto x = a.members();
  const auto y = b.members();
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (const int order = compare(x[i].first, y[i].first)) {
      return order;
    }
    if (const int order = compare(x[i].second, y[i].second)) {
      return order;
    }
  }
  return compare_sizes(x.size(), y.size());
}

// Of two texts, long ones alone, so many bytes at a time. False: as good as equal.
[[gnu::always_inline]] inline bool take_texts(const std::string& a, const std::string& b,
                                              std::size_t bytes) {
  const std::size_t shorter = std::min(a.size(), b.size());
  return shorter <= Value::kLight || WorkScope::take(shorter / bytes);
}
constexpr std::size_t kStringBytes = 16;
constexpr std::size_t kDigits = 1;

}  // namespace

bool equal(const Value& a, const Value& b) {
  if (a.same_as(b)) {
    return true;
  }
  if (a.kind() != b.kind()) {
    return false;
  }
  if (a.is(Kind::string)) {
    const std::string& x = a.text();
    const std::string& y = b.text();
    return x.size() == y.size() && (!take_texts(x, y, kStringBytes) || x == y);
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
      return take_texts(a.text(), b.text(), kDigits) ? compare_numbers(a.text(), b.text()) : 0;
    }
    case Kind::string: {
      const std::string& x = a.text();
      const std::string& y = b.text();
      if (!take_texts(x, y, kStringBytes)) {
        return 0;
      }
      const int order = x.compare(y);
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    default:
      break;
  }
  if (!is_light(a, b)) {
    return compare_heavy(a, b);
  }
  return a.is(Kind::object) ? compare_members(a, b) : compare_elements(a, b);
}

}  // namespace unhidra::rego
