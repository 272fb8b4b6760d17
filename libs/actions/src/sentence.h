#pragma once
// What of a sentence is compared with templates: its words without those that change nothing, in
// the orders in which they mean the same.

#include <string>
#include <string_view>
#include <vector>

namespace unhidra::actions {

using Words = std::vector<std::string>;

struct Sentence {
  // A denial, a question, a condition, another time: not guessed at.
  bool blocked = false;
  bool all = false;             // "all", "every", "alle"
  std::vector<Words> readings;  // as it was said first; never empty
  // Never one word too many: "everything", and what follows "in".
  Words weighty;
};

Sentence read_sentence(const Words& words);

// Of a name: "all lights" is "lights", and needs that all are spoken of.
struct Name {
  Words words;
  bool all = false;
};
Name read_name(std::string_view text);

// A way to say a name.
struct Form {
  Words words;
  double cost = 0;
  bool all = false;  // only of a sentence that speaks of all
};

// How one target is spoken of.
struct Names {
  std::vector<Form> names;
  std::vector<Form> places;  // where it is, of what is all the light there
  bool plural = false;
};

// "lights", "Lampen": more than one thing.
bool is_plural(std::string_view word);
// "lights", "lamp", "Beleuchtung".
bool means_light(std::string_view word);

}  // namespace unhidra::actions
