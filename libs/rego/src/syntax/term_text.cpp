#include "syntax/term_text.h"

#include <algorithm>
#include <array>
#include <span>

namespace unhidra::rego {
namespace {

std::string variable_text(const std::string& name) {
  return name.starts_with('$') ? "_" : name;
}

std::string joined(std::span<const Term> terms) {
  std::string out;
  for (const Term& term : terms) {
    out += (out.empty() ? "" : ", ") + term_text(term);
  }
  return out;
}

std::string object_text(const Term& term) {
  std::string out;
  for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
    out +=
        (out.empty() ? "" : ", ") + term_text(term.items[i]) + ": " + term_text(term.items[i + 1]);
  }
  return "{" + out + "}";
}

}  // namespace

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, fits);
}

std::string_view term_kind(const Term& term) {
  static constexpr std::array<std::string_view, 11> kNames{"constant",
                                                           "var",
                                                           "ref",
                                                           "array",
                                                           "set",
                                                           "object",
                                                           "arraycomprehension",
                                                           "setcomprehension",
                                                           "objectcomprehension",
                                                           "call",
                                                           "templatestring"};
  return term.is(Term::Type::constant) ? kind_name(term.value.kind())
                                       : kNames[static_cast<std::size_t>(term.type)];
}

std::string ref_text(const Term& ref, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    const Term& item = ref.items[i];
    if (i == 0) {
      out = term_text(item);
    } else if (item.is_constant_string() && is_name(item.value.text())) {
      out += "." + item.value.text();
    } else {
      out += "[" + term_text(item) + "]";
    }
  }
  return out;
}

std::string term_text(const Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return to_term(term.value);
    case Term::Type::var:
      return variable_text(term.name);
    case Term::Type::ref:
      return ref_text(term, term.items.size());
    case Term::Type::array:
      return "[" + joined(term.items) + "]";
    case Term::Type::set:
      return "{" + joined(term.items) + "}";
    case Term::Type::object:
      return object_text(term);
    case Term::Type::array_comp:
      return "[" + joined(term.items) + " | ...]";
    case Term::Type::set_comp:
    case Term::Type::object_comp:
      return "{" + joined(term.items) + " | ...}";
    case Term::Type::call:
      return term.name + "(" + joined(term.items) + ")";
    case Term::Type::text:
      break;
  }
  return "$\"...\"";
}

}  // namespace unhidra::rego
