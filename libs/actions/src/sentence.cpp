#include "sentence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "words.h"

namespace unhidra::actions {
namespace {

// They change nothing.
constexpr std::array<std::string_view, 53> kFillers{
    "the",   "a",      "my",      "our",    "please",    "now",      "hey",     "could",
    "can",   "you",    "would",   "me",     "for",       "in",       "of",      "inside",
    "just",  "i",      "want",    "like",   "lets",      "bitte",    "das",     "die",
    "der",   "den",    "dem",     "des",    "ein",       "eine",     "einen",   "mein",
    "meine", "meinen", "meiner",  "meinem", "unser",     "unsere",   "unserer", "unserem",
    "mal",   "doch",   "jetzt",   "kannst", "koenntest", "wuerdest", "du",      "im",
    "mir",   "ich",    "moechte", "von",    "vom"};
// Where something is follows them.
constexpr std::array<std::string_view, 6> kWhere{"in", "of", "im", "inside", "von", "vom"};
constexpr std::array<std::string_view, 10> kAll{"all",  "every", "each",       "alle", "allen",
                                                "jede", "jedes", "saemtliche", "both", "aller"};
// What a verb leaves for the end, or a number follows.
constexpr std::array<std::string_view, 16> kParticles{
    "on",  "off", "out",  "up",     "down", "to",       "an",     "aus",
    "ein", "ab",  "hoch", "runter", "auf",  "herunter", "herauf", "zu"};
// They change everything: a denial, a question, a condition, another time. Not guessed at.
constexpr std::array<std::string_view, 55> kBlocking{
    "not",    "dont",    "never",   "no",     "nicht",   "kein",      "keine",   "keinen",
    "nie",    "is",      "are",     "was",    "did",     "does",      "why",     "who",
    "what",   "how",     "ist",     "sind",   "war",     "hat",       "warum",   "wer",
    "wie",    "if",      "when",    "unless", "until",   "after",     "before",  "tomorrow",
    "later",  "wenn",    "falls",   "sobald", "bis",     "nachher",   "morgen",  "spaeter",
    "minute", "minutes", "minuten", "hour",   "hours",   "stunde",    "stunden", "uhr",
    "except", "ausser",  "but",     "aber",   "oeffnet", "schliesst", "sich"};
constexpr std::array<std::string_view, 2> kWeighty{"everything", "alles"};
constexpr std::array<std::string_view, 26> kPlurals{
    "lights",   "lighting",     "lamps",       "bulbs",     "fans",      "blinds",    "curtains",
    "shutters", "shades",       "switches",    "outlets",   "plugs",     "radiators", "everything",
    "lichter",  "lampen",       "beleuchtung", "rollos",    "rollaeden", "jalousien", "steckdosen",
    "alles",    "ventilatoren", "luefter",     "vorhaenge", "heizungen"};
constexpr std::array<std::string_view, 11> kLights{"light", "lights", "lighting",   "lamp",
                                                   "lamps", "bulbs",  "licht",      "lichter",
                                                   "lampe", "lampen", "beleuchtung"};

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool is_number(std::string_view word) {
  return number_at({std::string(word)}, 0).has_value();
}

// Words that count, and where a phrase that says a place begins last; 0: nowhere.
struct Kept {
  Words words;
  bool all = false;
  std::size_t place = 0;
  Words weighty;
};

// "schalte das Licht ein, bitte": no article.
bool ends_with(const Words& said, std::string_view last) {
  const auto end = std::find_if(said.rbegin(), said.rend(),
                                [](const std::string& word) { return word != "bitte"; });
  return end != said.rend() && *end == last;
}

Kept keep(const Words& said) {
  Kept out;
  bool place_follows = false;
  bool after_all = false;
  for (const auto& word : said) {
    if (is_in(kAll, word)) {
      out.all = true;
      after_all = true;
      continue;
    }
    // "each and every", "every single"
    if (after_all && (word == "and" || word == "single" || word == "und")) {
      continue;
    }
    if (is_in(kFillers, word) && !(word == "ein" && ends_with(said, word))) {
      place_follows = place_follows || is_in(kWhere, word);
      continue;
    }
    after_all = false;
    if (std::exchange(place_follows, false)) {
      out.place = out.words.size();
      out.weighty.push_back(word);
    } else if (is_in(kWeighty, word)) {
      out.weighty.push_back(word);
    }
    out.words.push_back(word);
  }
  return out;
}

}  // namespace

// "turn the lights on in the kitchen" is "turn the lights in the kitchen on".
Sentence read_sentence(const Words& words) {
  Sentence out;
  out.blocked =
      std::ranges::any_of(words, [](const std::string& word) { return is_in(kBlocking, word); });
  auto kept = keep(words);
  out.all = kept.all;
  out.weighty = std::move(kept.weighty);
  out.readings.push_back(std::move(kept.words));
  const auto& first = out.readings.front();
  std::size_t particle = kept.place;
  while (particle > 0 && !is_in(kParticles, first[particle - 1])) {
    --particle;
  }
  const bool plain = std::none_of(
      first.begin() + static_cast<std::ptrdiff_t>(kept.place), first.end(),
      [](const std::string& word) { return is_in(kParticles, word) || is_number(word); });
  if (particle > 0 && plain) {
    auto moved = first;
    std::rotate(moved.begin() + static_cast<std::ptrdiff_t>(particle) - 1,
                moved.begin() + static_cast<std::ptrdiff_t>(kept.place), moved.end());
    out.readings.push_back(std::move(moved));
  }
  return out;
}

Name read_name(std::string_view text) {
  auto kept = keep(words_of(text));
  return {std::move(kept.words), kept.all};
}

bool is_plural(std::string_view word) {
  return is_in(kPlurals, word);
}
bool means_light(std::string_view word) {
  return is_in(kLights, word);
}

}  // namespace unhidra::actions
