#pragma once
// What a sentence wants of which device: "turn on the kitchen light", "Küchenlicht aus". Sentences
// are compared with templates, nothing is learned and nothing leaves the process; what is not clear
// is not guessed. English and German.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unhidra::actions {

// What a device can be told; templates are for kinds.
enum class DeviceKind : std::uint8_t { other, light, outlet, thermostat, cover, garage, lock };
std::string_view to_string(DeviceKind kind);
// By the registry's type: "light", "lamp", "plug", "garage_door" ...; `other` for what is unknown.
DeviceKind kind_of(std::string_view type);

struct Target {
  std::string id;                  // the caller's own
  std::vector<std::string> names;  // "kitchen light", "Küchenlicht"; at least one
  DeviceKind kind = DeviceKind::other;
  std::string room;  // where it is, "kitchen"; may be said beside the name. Empty: nothing is known
};

struct Intent {
  std::size_t target = 0;  // index
  std::string command;     // "on", "off", "set 21.5", "dim 40", "open", "close", "lock", "unlock"
  double score = 0;        // 0 to 1
  // To be asked back before it is done: what opens a house.
  bool confirm = false;
};

enum class Understanding : std::uint8_t {
  clear,
  unclear,  // two things could be meant: `alternatives` has them
  nothing,  // no template is near enough
};
struct Understood {
  Understanding understanding = Understanding::nothing;
  std::optional<Intent> intent;
  std::vector<Intent> alternatives;
};

struct IntentLimits {
  double least_score = 0.75;
  double least_margin = 0.15;  // between the best and the next that means something else
  std::size_t max_text = 300;  // bytes; longer is nothing
  std::size_t max_words = 24;
};

// Immutable; may be used from any thread.
class IntentMatcher {
 public:
  explicit IntentMatcher(std::vector<Target> targets, const IntentLimits& limits = {});
  ~IntentMatcher();
  IntentMatcher(IntentMatcher&&) noexcept;
  IntentMatcher& operator=(IntentMatcher&&) noexcept;

  Understood understand(std::string_view text) const;
  const std::vector<Target>& targets() const { return targets_; }

 private:
  struct Compiled;
  std::vector<Target> targets_;
  IntentLimits limits_;
  std::vector<Compiled> compiled_;
};

// Lower case, without punctuation and accents ("Küche" and "kueche" are the same), as words.
std::vector<std::string> words_of(std::string_view text);
// Whether a person said yes, or no, to a question.
std::optional<bool> yes_or_no(std::string_view text);

}  // namespace unhidra::actions
