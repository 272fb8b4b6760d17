#include "syntax/term_text.h"

#include <algorithm>
#include <array>

namespace unhidra::rego {
namespace {

std::string variable_text(const std::string& name) {
  return name.starts_with('$') ? "_" : name;
}

std::string joined(std::span<const Term> terms) {
  return joined_text(terms, term_text);
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

std::string joined_text(std::span<const Term> terms, TermWriter write) {
  std::string out;
  for (const Term& term : terms) {
    out += (out.empty() ? "" : ", ") + write(term);
  }
  return out;
}

std::string object_text(const Term& object, TermWriter write) {
  std::string out;
  for (std::size_t i = 0; i + 1 < object.items.size(); i += 2) {
    out += (out.empty() ? "" : ", ") + write(object.items[i]) + ": " + write(object.items[i + 1]);
  }
  return "{" + out + "}";
}

std::string ref_text(std::span<const Term> items, TermWriter head, TermWriter write) {
  std::string out;
  for (const Term& item : items) {
    if (&item == items.data()) {
      out = head(item);
    } else if (item.is_constant_string() && is_name(item.value.text())) {
      out += "." + item.value.text();
    } else {
      out += "[" + write(item) + "]";
    }
  }
  return out;
}

std::string ref_text(const Term& ref, std::size_t size) {
  return ref_text(std::span(ref.items).first(size), term_text, term_text);
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
      return object_text(term, term_text);
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
