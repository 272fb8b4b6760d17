#include "builtins/glob.h"

#include <algorithm>
#include <bit>

#include "unhidra/rego/glob.h"

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};
constexpr std::size_t kNarrow = 64;
constexpr int kMaxNesting = 64;

}  // namespace

// Builds the steps from the last to the first: each part knows what follows it.
class GlobCompiler {
 public:
  GlobCompiler(Glob& glob, std::string_view pattern) : glob_(glob), pattern_(to_runes(pattern)) {}

  Status run() {
    UNHIDRA_TRY(const Fragment whole, sequence(0));
    const std::uint32_t accept = add({.op = Glob::Op::accept});
    connect(whole, accept);
    glob_.start_ = whole.start == kNone ? accept : whole.start;
    take_prefix();
    if (glob_.steps_.size() <= kNarrow) {
      for (std::uint32_t i = 0; i < glob_.steps_.size(); ++i) {
        glob_.closures_.push_back(glob_.closure(i));
      }
    }
    return {};
  }

 private:
  struct Fragment {
    std::uint32_t start = kNone;        // kNone: matches nothing but the empty text
    std::vector<std::uint32_t> ends;    // steps whose `next` is open
    std::vector<std::uint32_t> others;  // forks whose `other` is open
  };

  std::uint32_t add(Glob::Step step) {
    glob_.steps_.push_back(std::move(step));
    return static_cast<std::uint32_t>(glob_.steps_.size() - 1);
  }

  void connect(const Fragment& fragment, std::uint32_t target) {
    for (const std::uint32_t end : fragment.ends) {
      glob_.steps_[end].next = target;
    }
    for (const std::uint32_t other : fragment.others) {
      glob_.steps_[other].other = target;
    }
  }

  void append(Fragment& whole, Fragment part) {
    if (part.start == kNone) {
      return;
    }
    if (whole.start == kNone) {
      whole = std::move(part);
      return;
    }
    connect(whole, part.start);
    whole.ends = std::move(part.ends);
    whole.others = std::move(part.others);
  }

  Fragment single(Glob::Step step) {
    const std::uint32_t at = add(std::move(step));
    return {at, {at}, {}};
  }

  // Zero or more characters that the step takes.
  Fragment repeated(Glob::Op op) {
    const std::uint32_t fork = add({.op = Glob::Op::fork});
    const std::uint32_t body = add({.op = op});
    glob_.steps_[body].next = fork;
    glob_.steps_[fork].next = body;
    return {fork, {}, {fork}};
  }

  bool at_end() const { return at_ >= pattern_.size(); }

  Result<Fragment> sequence(int depth) {
    Fragment whole;
    while (!at_end()) {
      const char32_t c = pattern_[at_];
      if (depth > 0 && (c == '}' || c == ',')) {
        break;
      }
      ++at_;
      UNHIDRA_TRY(Fragment part, element(c, depth));
      append(whole, std::move(part));
    }
    return whole;
  }

  Result<Fragment> element(char32_t c, int depth) {
    switch (c) {
      case '*':
        if (!at_end() && pattern_[at_] == '*') {
          ++at_;
          return repeated(Glob::Op::any);
        }
        return repeated(Glob::Op::one);
      case '?':
        return single({.op = Glob::Op::one});
      case '[':
        return character_class();
      case '{':
        return alternatives(depth + 1);
      case '\\':
        if (at_end()) {
          return Fragment{};
        }
        c = pattern_[at_++];
        break;
      default:
        break;
    }
    return single({.op = Glob::Op::character, .runes = std::u32string(1, c)});
  }

  Result<Fragment> alternatives(int depth) {
    if (depth > kMaxNesting) {
      return fail(Errc::invalid, "pattern is nested too deeply");
    }
    Fragment all;
    std::vector<Fragment> options;
    do {
      UNHIDRA_TRY(Fragment option, sequence(depth));
      options.push_back(std::move(option));
    } while (!at_end() && pattern_[at_++] == ',');
    // A chain of forks, the last option without one.
    for (std::size_t i = options.size(); i-- > 0;) {
      Fragment& option = options[i];
      if (option.start == kNone) {
        // An empty option is a fork both ways of which lead on.
        const std::uint32_t fork = add({.op = Glob::Op::fork});
        option = {fork, {fork}, {fork}};
      }
      if (all.start == kNone) {
        all = std::move(option);
        continue;
      }
      const std::uint32_t fork =
          add({.op = Glob::Op::fork, .next = option.start, .other = all.start});
      all.start = fork;
      all.ends.insert(all.ends.end(), option.ends.begin(), option.ends.end());
      all.others.insert(all.others.end(), option.others.begin(), option.others.end());
    }
    return all;
  }

  // Either one range or a list of characters, never both.
  Result<Fragment> character_class() {
    Glob::Step step{.op = Glob::Op::set};
    if (!at_end() && pattern_[at_] == '!') {
      step.negated = true;
      ++at_;
    }
    if (at_ + 1 < pattern_.size() && pattern_[at_ + 1] == '-') {
      if (at_ + 2 >= pattern_.size()) {
        return fail(Errc::invalid, "unexpected end of input");
      }
      step.op = Glob::Op::range;
      step.runes = {pattern_[at_], pattern_[at_ + 2]};
      at_ += 3;
      if (step.runes[1] < step.runes[0]) {
        return fail(Errc::invalid, "hi character '" + from_runes(step.runes.substr(1)) +
                                       "' should be greater than lo '" +
                                       from_runes(step.runes.substr(0, 1)) + "'");
      }
    } else {
      for (; !at_end() && pattern_[at_] != ']'; ++at_) {
        if (pattern_[at_] == '\\' && ++at_ >= pattern_.size()) {
          break;
        }
        step.runes += pattern_[at_];
      }
      std::ranges::sort(step.runes);
    }
    if (at_end()) {
      return fail(Errc::invalid, "unexpected end of input");
    }
    if (pattern_[at_++] != ']') {
      return fail(Errc::invalid, "expected close range character");
    }
    if (step.runes.empty()) {
      return fail(Errc::invalid, "could not parse range");
    }
    return single(std::move(step));
  }

  // The literal characters that every match begins with are compared as bytes.
  void take_prefix() {
    const std::uint32_t first = glob_.start_;
    std::uint32_t at = first;
    while (glob_.steps_[at].op == Glob::Op::character) {
      append_rune(glob_.prefix_, glob_.steps_[at].runes[0]);
      at = glob_.steps_[at].next;
    }
    glob_.start_ = at;
    glob_.literal_ = glob_.steps_[at].op == Glob::Op::accept;
    if (glob_.prefix_.find("\xEF\xBF\xBD") != std::string::npos) {
      // U+FFFD stands for ill-formed bytes too, which differ as bytes.
      glob_.prefix_.clear();
      glob_.start_ = first;
      glob_.literal_ = false;
    }
  }

  Glob& glob_;
  std::u32string pattern_;
  std::size_t at_ = 0;
};

Result<Glob> Glob::compile(std::string_view pattern, std::u32string_view delimiters) {
  if (pattern.size() > kMaxGlobPattern) {
    return fail(Errc::invalid, "pattern is too long");
  }
  Glob glob;
  glob.delimiters_ = delimiters;
  UNHIDRA_TRY_VOID(GlobCompiler(glob, pattern).run());
  return glob;
}

bool Glob::is_delimiter(char32_t rune) const {
  return delimiters_.find(rune) != std::u32string::npos;
}

bool Glob::takes(const Step& step, char32_t rune) const {
  switch (step.op) {
    case Op::character:
      return rune == step.runes[0];
    case Op::one:
      return !is_delimiter(rune);
    case Op::any:
      return true;
    case Op::set:
      return std::ranges::binary_search(step.runes, rune) != step.negated;
    case Op::range:
      return (rune >= step.runes[0] && rune <= step.runes[1]) != step.negated;
    default:
      return false;
  }
}

// All steps that are reached from this one without a character; itself when it takes one.
std::uint64_t Glob::closure(std::uint32_t state) const {
  std::uint64_t found = 0;
  std::uint64_t seen = 0;
  std::uint64_t open = std::uint64_t{1} << state;
  while (open != 0) {
    const auto at = static_cast<std::uint32_t>(std::countr_zero(open));
    open &= open - 1;
    seen |= std::uint64_t{1} << at;
    if (steps_[at].op != Op::fork) {
      found |= std::uint64_t{1} << at;
      continue;
    }
    open |=
        ((std::uint64_t{1} << steps_[at].next) | (std::uint64_t{1} << steps_[at].other)) & ~seen;
  }
  return found;
}

bool Glob::match(std::string_view text) const {
  if (literal_) {
    return text == prefix_;
  }
  if (!text.starts_with(prefix_)) {
    return false;
  }
  text.remove_prefix(prefix_.size());
  return closures_.empty() ? match_wide(text) : match_narrow(text);
}

bool Glob::match_narrow(std::string_view text) const {
  std::uint64_t states = closures_[start_];
  while (!text.empty() && states != 0) {
    const DecodedRune rune = decode_rune(text);
    text.remove_prefix(rune.size);
    std::uint64_t next = 0;
    for (std::uint64_t rest = states; rest != 0; rest &= rest - 1) {
      const Step& step = steps_[static_cast<std::size_t>(std::countr_zero(rest))];
      if (takes(step, rune.value)) {
        next |= closures_[step.next];
      }
    }
    states = next;
  }
  for (std::uint64_t rest = states; rest != 0; rest &= rest - 1) {
    if (steps_[static_cast<std::size_t>(std::countr_zero(rest))].op == Op::accept) {
      return true;
    }
  }
  return false;
}

bool Glob::match_wide(std::string_view text) const {
  std::vector<std::uint32_t> states;
  std::vector<std::uint32_t> next;
  std::vector<std::uint32_t> open;
  std::vector<std::uint32_t> mark(steps_.size(), 0);
  std::uint32_t round = 1;
  const auto enter = [&](std::vector<std::uint32_t>& set, std::uint32_t state) {
    open.assign(1, state);
    while (!open.empty()) {
      const std::uint32_t at = open.back();
      open.pop_back();
      if (mark[at] == round) {
        continue;
      }
      mark[at] = round;
      if (steps_[at].op == Op::fork) {
        open.push_back(steps_[at].next);
        open.push_back(steps_[at].other);
      } else {
        set.push_back(at);
      }
    }
  };
  enter(states, start_);
  while (!text.empty() && !states.empty()) {
    const DecodedRune rune = decode_rune(text);
    text.remove_prefix(rune.size);
    ++round;
    next.clear();
    for (const std::uint32_t state : states) {
      if (takes(steps_[state], rune.value)) {
        enter(next, steps_[state].next);
      }
    }
    states.swap(next);
  }
  return std::ranges::any_of(
      states, [this](std::uint32_t state) { return steps_[state].op == Op::accept; });
}

std::string quote_glob(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (std::string_view("*?\\[]{}").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

}  // namespace unhidra::rego::builtins

namespace unhidra::rego {

Result<std::vector<bool>> match_glob(std::string_view pattern, std::span<const std::string> texts) {
  UNHIDRA_TRY(const auto glob, builtins::Glob::compile(pattern, U""));
  std::vector<bool> out;
  for (const std::string& text : texts) {
    out.push_back(glob.match(text));
  }
  return out;
}

}  // namespace unhidra::rego
