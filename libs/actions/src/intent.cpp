#include "unhidra/actions/intent.h"

#include <algorithm>
#include <array>
#include <map>

#include "sentence.h"
#include "templates.h"
#include "words.h"

namespace unhidra::actions {
namespace {

// What a word of the sentence costs that no template has; a score is 1 at no cost, 0 at four words.
constexpr double kExtraWord = 1.0;
constexpr double kMisspelt = 0.4;
constexpr double kOtherNumber = 0.7;  // "lights", where one light is meant
// "the bedroom": with a word more it is something else there, such as its curtain.
constexpr double kPlace = 0.2;
constexpr double kTurned = 0.2;  // "light kitchen", of "the light in the kitchen"
constexpr double kWhole = 4.0;

// The cost of taking one for the other; nothing when they are not the same word. Short words are
// themselves: "on" and "off" are a letter or two apart.
std::optional<double> word_cost(std::string_view said, std::string_view meant, bool is_name) {
  if (said == meant) {
    return 0.0;
  }
  const std::size_t least = is_name ? 5 : 6;
  const bool digits = std::ranges::any_of(said, [](char c) { return c >= '0' && c <= '9'; });
  if (meant.size() < least || digits || distance(said, meant, 1) > 1) {
    return std::nullopt;
  }
  return is_plural(said) == is_plural(meant) ? kMisspelt : kOtherNumber;
}

std::optional<double> sequence_cost(const Words& said, std::size_t at, const Words& meant,
                                    bool is_name) {
  if (at + meant.size() > said.size()) {
    return std::nullopt;
  }
  double out = 0;
  for (std::size_t i = 0; i < meant.size(); ++i) {
    const auto cost = word_cost(said[at + i], meant[i], is_name);
    if (!cost) {
      return std::nullopt;
    }
    out += *cost;
  }
  return out;
}

struct Part {
  enum class Kind : std::uint8_t { words, name, place, number, level };
  Kind kind = Kind::words;
  bool optional = false;
  std::vector<Words> alternatives;
};

// Templates are constants of ours: what is not well written is caught by the tests.
std::vector<Part> parse(std::string_view text) {
  std::vector<Part> out;
  while (!text.empty()) {
    const char c = text.front();
    if (c == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const bool group = c == '(' || c == '[' || c == '{';
    const auto end = group ? text.find_first_of(")]}") : std::min(text.find(' '), text.size());
    auto content = group ? text.substr(1, end - 1) : text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + (group ? 1 : 0)));
    Part part;
    part.optional = c == '[';
    if (c == '{') {
      part.kind = content == "name"    ? Part::Kind::name
                  : content == "place" ? Part::Kind::place
                  : content == "level" ? Part::Kind::level
                                       : Part::Kind::number;
    } else {
      for (;;) {
        const auto bar = std::min(content.find('|'), content.size());
        part.alternatives.push_back(words_of(content.substr(0, bar)));
        if (bar == content.size()) {
          break;
        }
        content.remove_prefix(bar + 1);
      }
    }
    out.push_back(std::move(part));
  }
  return out;
}

struct Fit {
  double cost = 0;
  std::string number;
};

// The cheapest way to read the words as this template with one of these names.
class Reading {
 public:
  Reading(const std::vector<Part>& parts, const Names& names, const Sentence& sentence,
          const Words& words, double most)
      : parts_(parts), names_(names), sentence_(sentence), words_(words), most_(most) {}

  std::optional<Fit> best(double cost) {
    go(0, 0, {cost, {}});
    return best_;
  }

 private:
  void go(std::size_t part, std::size_t word, const Fit& so_far) {
    if (so_far.cost > most_ || (best_ && so_far.cost >= best_->cost)) {
      return;
    }
    if (part == parts_.size() && word == words_.size()) {
      best_ = so_far;
      return;
    }
    if (part < parts_.size()) {
      take(part, word, so_far);
    }
    if (word < words_.size() &&
        std::ranges::find(sentence_.weighty, words_[word]) == sentence_.weighty.end()) {
      auto skipped = so_far;
      skipped.cost += kExtraWord;
      go(part, word + 1, skipped);
    }
  }

  void take(std::size_t part, std::size_t word, const Fit& so_far) {
    const auto& one = parts_[part];
    switch (one.kind) {
      case Part::Kind::number:
      case Part::Kind::level:
        return take_number(part, word, so_far);
      case Part::Kind::name:
      case Part::Kind::place:
        for (const auto& form : one.kind == Part::Kind::name ? names_.names : names_.places) {
          if (!form.all || sentence_.all) {
            take_words(part, word, so_far, form.words, form.cost, true);
          }
        }
        return;
      case Part::Kind::words:
        for (const auto& choice : one.alternatives) {
          take_words(part, word, so_far, choice, 0, false);
        }
        if (one.optional) {
          go(part + 1, word, so_far);
        }
        return;
    }
  }

  void take_words(std::size_t part, std::size_t word, const Fit& so_far, const Words& choice,
                  double cost, bool is_name) {
    if (const auto spelt = sequence_cost(words_, word, choice, is_name)) {
      auto next = so_far;
      next.cost += *spelt + cost;
      go(part + 1, word + choice.size(), next);
    }
  }

  void take_number(std::size_t part, std::size_t word, const Fit& so_far) {
    const auto number =
        parts_[part].kind == Part::Kind::number ? number_at(words_, word) : level_at(words_, word);
    if (number) {
      auto next = so_far;
      next.number = number->digits;
      go(part + 1, word + number->words, next);
    }
  }

  const std::vector<Part>& parts_;
  const Names& names_;
  const Sentence& sentence_;
  const Words& words_;
  double most_;
  std::optional<Fit> best_;
};

const std::vector<std::vector<Part>>& parsed_templates() {
  static const auto kParsed = [] {
    std::vector<std::vector<Part>> out;
    for (const auto& each : templates()) {
      out.push_back(parse(each.text));
    }
    return out;
  }();
  return kParsed;
}

bool needs_confirmation(DeviceKind kind, std::string_view command) {
  return command == "unlock" || (kind == DeviceKind::garage && command == "open");
}

}  // namespace

std::string_view to_string(DeviceKind kind) {
  static constexpr std::array<std::string_view, 7> kNames{"other", "light",  "outlet", "thermostat",
                                                          "cover", "garage", "lock"};
  return kNames[static_cast<std::size_t>(kind)];
}

DeviceKind kind_of(std::string_view type) {
  using enum DeviceKind;
  static const std::map<std::string_view, DeviceKind> kKinds{
      {"light", light},        {"lamp", light},          {"bulb", light},
      {"outlet", outlet},      {"plug", outlet},         {"socket", outlet},
      {"switch", outlet},      {"fan", outlet},          {"thermostat", thermostat},
      {"heating", thermostat}, {"radiator", thermostat}, {"cover", cover},
      {"blind", cover},        {"blinds", cover},        {"shutter", cover},
      {"curtain", cover},      {"garage", garage},       {"garage_door", garage},
      {"gate", garage},        {"lock", lock},           {"door_lock", lock},
      {"door", lock}};
  const auto found = kKinds.find(type);
  return found != kKinds.end() ? found->second : other;
}

struct IntentMatcher::Compiled : Names {};

namespace {

// "kitchen light" is also said as "light in the kitchen"; where something is may be said beside its
// name.
void add_forms(const Name& name, const Words& room, std::vector<Form>& out) {
  out.push_back({name.words, 0, name.all});
  for (std::size_t at = 1; at < name.words.size(); ++at) {
    auto turned = name.words;
    std::rotate(turned.begin(), turned.begin() + static_cast<std::ptrdiff_t>(at), turned.end());
    out.push_back({std::move(turned), kTurned, name.all});
  }
  if (room.empty() || !std::ranges::search(name.words, room).empty()) {
    return;
  }
  auto before = room;
  before.insert(before.end(), name.words.begin(), name.words.end());
  auto behind = name.words;
  behind.insert(behind.end(), room.begin(), room.end());
  out.push_back({std::move(before), 0, name.all});
  out.push_back({std::move(behind), 0, name.all});
}

}  // namespace

IntentMatcher::IntentMatcher(std::vector<Target> targets, const IntentLimits& limits)
    : targets_(std::move(targets)), limits_(limits) {
  for (const auto& target : targets_) {
    Compiled one;
    const auto room = read_name(target.room).words;
    for (const auto& text : target.names) {
      const auto name = read_name(text);
      if (name.words.empty()) {
        continue;
      }
      one.plural = one.plural || is_plural(name.words.back());
      add_forms(name, room, one.names);
      if (name.words.size() > 1 && is_plural(name.words.back()) && means_light(name.words.back())) {
        one.places.push_back({{name.words.begin(), name.words.end() - 1}, kPlace, name.all});
      }
    }
    compiled_.push_back(std::move(one));
  }
}
IntentMatcher::~IntentMatcher() = default;
IntentMatcher::IntentMatcher(IntentMatcher&&) noexcept = default;
IntentMatcher& IntentMatcher::operator=(IntentMatcher&&) noexcept = default;

Understood IntentMatcher::understand(std::string_view text) const {
  const auto all = text.size() > limits_.max_text ? Words() : words_of(text);
  const auto sentence = read_sentence(all);
  const auto count = sentence.readings.front().size();
  if (count == 0 || count > limits_.max_words || sentence.blocked) {
    return {};
  }
  std::map<std::pair<std::size_t, std::string>, double> scores;
  const double most = (1 - limits_.least_score + limits_.least_margin) * kWhole;
  for (std::size_t t = 0; t < templates().size(); ++t) {
    const auto& form = templates()[t];
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (std::ranges::find(form.kinds, targets_[i].kind) == form.kinds.end()) {
        continue;
      }
      std::optional<Fit> fit;
      for (const auto& words : sentence.readings) {
        // "all" of what is one thing is a word too many.
        const double cost = sentence.all && !compiled_[i].plural ? kExtraWord : 0;
        const auto read =
            Reading(parsed_templates()[t], compiled_[i], sentence, words, most).best(cost);
        if (read && (!fit || read->cost < fit->cost)) {
          fit = read;
        }
      }
      if (!fit) {
        continue;
      }
      std::string command(form.command);
      if (const auto at = command.find('#'); at != command.npos) {
        command.replace(at, 1, fit->number);
      }
      auto& score = scores[{i, command}];
      score = std::max(score, 1 - fit->cost / kWhole);
    }
  }
  std::vector<Intent> found;
  for (const auto& [meaning, score] : scores) {
    found.push_back({.target = meaning.first,
                     .command = meaning.second,
                     .score = score,
                     .confirm = needs_confirmation(targets_[meaning.first].kind, meaning.second)});
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &Intent::score);
  if (found.empty() || found.front().score < limits_.least_score) {
    return {};
  }
  std::erase_if(found, [&, best = found.front().score](const Intent& each) {
    return best - each.score >= limits_.least_margin;
  });
  if (found.size() > 1) {
    return {
        .understanding = Understanding::unclear, .intent = {}, .alternatives = std::move(found)};
  }
  return {.understanding = Understanding::clear, .intent = found.front(), .alternatives = {}};
}

}  // namespace unhidra::actions
