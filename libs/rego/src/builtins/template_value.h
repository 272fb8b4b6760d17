#pragma once
// Values in a template, and the functions that it can call with them.

#include <string>
#include <string_view>
#include <vector>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

// A value in a template; what is not there prints as "<undefined>" and counts as false.
struct TemplateValue {
  Value value;
  bool missing = false;
};

bool is_true(const TemplateValue& value);
// As it is printed.
std::string display(const TemplateValue& value);
std::unexpected<Error> bad_template(std::string_view what);
// ".a.b" of a value.
Result<TemplateValue> template_field(const TemplateValue& from, std::string_view chain);
Result<TemplateValue> call_template_function(const std::string& name,
                                             const std::vector<TemplateValue>& arguments,
                                             Environment& environment);

}  // namespace unhidra::rego::builtins
