#include "builtins/number_fold.h"

namespace unhidra::rego::builtins {
namespace {

std::uint64_t limbs(const Integer& value) {
  return value.backend().size();
}

// Of reading two numbers as binary floating point and finding the shortest decimal of the result.
constexpr std::uint64_t kWorkOfReal = 2'048;

// Of a binary number to decimal digits.
std::uint64_t work_of_writing(const Integer& value) {
  constexpr std::uint64_t kDigitsOfLimb = 20;
  return work_of_digits(limbs(value) * kDigitsOfLimb);
}

}  // namespace

Status NumberFold::add(const Value& number, Environment& environment) {
  const auto small = number.small_integer();
  if (whole_ && small) {
    return add_whole(Integer(*small), environment);
  }
  const std::string_view text = number.text();
  UNHIDRA_TRY_VOID(environment.charge(work_of_digits(full_digits(text))));
  if (whole_) {
    if (const auto integer = integer_of(text)) {
      return add_whole(*integer, environment);
    }
  }
  return add_text(text, environment);
}

Status NumberFold::add_whole(const Integer& number, Environment& environment) {
  const std::uint64_t a = limbs(*whole_);
  const std::uint64_t b = limbs(number);
  if (operation_ == Arithmetic::plus) {
    UNHIDRA_TRY_VOID(environment.charge(a + b));
    *whole_ += number;
  } else {
    UNHIDRA_TRY_VOID(environment.charge(a * b + 1));
    *whole_ *= number;
  }
  return fits(*whole_) ? Status() : too_large();
}

// With a part behind the point: in floating point, as each operation by itself is.
Status NumberFold::add_text(std::string_view number, Environment& environment) {
  if (whole_) {
    UNHIDRA_TRY_VOID(environment.charge(work_of_writing(*whole_)));
    text_ = written(*whole_);
  }
  UNHIDRA_TRY_VOID(environment.charge(work_of_digits(full_digits(text_) + full_digits(number))));
  UNHIDRA_TRY_VOID(environment.spend(kWorkOfReal));
  UNHIDRA_TRY(text_, compute(operation_, text_, number));
  whole_ = integer_of(text_);
  return {};
}

Result<std::string> NumberFold::take(Environment& environment) {
  if (!whole_) {
    return std::move(text_);
  }
  UNHIDRA_TRY_VOID(environment.charge(work_of_writing(*whole_)));
  return written(*whole_);
}

}  // namespace unhidra::rego::builtins
