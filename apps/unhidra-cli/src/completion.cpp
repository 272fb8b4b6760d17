#include "completion.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>

namespace unhidra::cli {

namespace {

struct Word {
  std::string text;
  std::string help;
};

enum class Takes { nothing, value, file, folder };

struct Flag {
  std::vector<std::string> names;  // with their dashes
  std::string help;
  Takes takes = Takes::nothing;
};

// What can stand after some commands.
struct Place {
  std::string path;  // the commands, each with a space before it; empty: none
  std::vector<Word> words;
  std::vector<Flag> flags;
  bool file = false;  // an argument is a file
};

Takes takes_of(const CLI::Option& option) {
  if (option.get_type_size() == 0) {
    return Takes::nothing;
  }
  const auto type = option.get_type_name();
  return type == "FILE" ? Takes::file : type == "FOLDER" ? Takes::folder : Takes::value;
}

Flag flag_of(const CLI::Option& option) {
  Flag out{{}, option.get_description(), takes_of(option)};
  for (const auto& name : option.get_snames()) {
    out.names.push_back("-" + name);
  }
  for (const auto& name : option.get_lnames()) {
    out.names.push_back("--" + name);
  }
  return out;
}

// Of CLI::IsMember: TEXT:{bash,zsh,fish}.
void add_fixed_words(const CLI::Option& argument, std::vector<Word>& out) {
  const auto type = argument.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) {
    return;
  }
  std::istringstream list(type.substr(begin + 1, end - begin - 1));
  for (std::string word; std::getline(list, word, ',');) {
    out.push_back({word, argument.get_description()});
  }
}

void collect(const CLI::App& app, const std::string& path, std::vector<Place>& out) {
  Place place{path, {}, {}, false};
  for (const auto* option : app.get_options()) {
    if (option == app.get_help_ptr() && !path.empty()) {
      continue;  // everywhere the same
    }
    if (option->get_positional()) {
      add_fixed_words(*option, place.words);
      place.file = place.file || takes_of(*option) == Takes::file;
    } else {
      place.flags.push_back(flag_of(*option));
    }
  }
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* command : commands) {
    place.words.push_back({command->get_name(), command->get_description()});
  }
  out.push_back(std::move(place));
  for (const auto* command : commands) {
    collect(*command, path + ' ' + command->get_name(), out);
  }
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const auto& word : words) {
    out += out.empty() ? "" : between;
    out += word;
  }
  return out;
}

// Within single quotes of a shell; `quote` is what stands for one.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += quote;
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

// Pattern of a `case`: every place but the first; every flag of some kind anywhere.
std::string paths_pattern(const std::vector<Place>& places, std::string_view between) {
  std::vector<std::string> out;
  for (const auto& place : places) {
    if (!place.path.empty()) {
      out.push_back("'" + place.path + "'");
    }
  }
  return joined(out, between);
}

std::string flags_pattern(const std::vector<Place>& places, std::initializer_list<Takes> kinds,
                          std::string_view between = "|") {
  std::set<std::string> names;
  for (const auto& place : places) {
    for (const auto& flag : place.flags) {
      if (std::ranges::find(kinds, flag.takes) != kinds.end()) {
        names.insert(flag.names.begin(), flag.names.end());
      }
    }
  }
  return joined({names.begin(), names.end()}, between);
}

// Of every option that a value follows, which is no command then.
constexpr auto kWithValue = {Takes::value, Takes::file, Takes::folder};

// `pattern) action ;;`, or nothing without a pattern.
std::string case_of(const std::string& pattern, std::string_view action) {
  return pattern.empty() ? "" : "    " + pattern + ") " + std::string(action) + " ;;\n";
}

// Of bash and zsh: `at` becomes the commands that stand in `words` between the indices.
std::string walk(const std::vector<Place>& places, const std::string& words, int first,
                 const std::string& end) {
  return "  for ((i = " + std::to_string(first) + "; i < " + end +
         "; i++)); do\n"
         "    case ${" +
         words + "[i-1]} in " + flags_pattern(places, kWithValue) +
         ") continue ;; esac\n"
         "    case \"$at ${" +
         words + "[i]}\" in\n      " + paths_pattern(places, "|") + ") at=\"$at ${" + words +
         "[i]}\" ;;\n"
         "    esac\n"
         "  done\n";
}

std::string bash_script(const std::vector<Place>& places) {
  std::string out =
      "# Load with: source <(unhidra-cli completion bash)\n"
      "_unhidra_cli() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} at= words= i\n" +
      walk(places, "COMP_WORDS", 1, "COMP_CWORD") + "  case ${COMP_WORDS[COMP_CWORD-1]} in\n" +
      case_of(flags_pattern(places, {Takes::folder}),
              "COMPREPLY=($(compgen -d -- \"$word\")); return") +
      case_of(flags_pattern(places, {Takes::file}),
              "COMPREPLY=($(compgen -f -- \"$word\")); return") +
      case_of(flags_pattern(places, {Takes::value}), "return") +
      "  esac\n"
      "  case $at in\n";
  for (const auto& place : places) {
    std::vector<std::string> words;
    for (const auto& word : place.words) {
      words.push_back(word.text);
    }
    for (const auto& flag : place.flags) {
      words.insert(words.end(), flag.names.begin(), flag.names.end());
    }
    out += "    '" + place.path + "') words='" + joined(words, " ") + "'" +
           (place.file ? "; COMPREPLY=($(compgen -f -- \"$word\"))" : "") + " ;;\n";
  }
  std::vector<std::string> globals;
  for (const auto& flag : places.front().flags) {
    globals.insert(globals.end(), flag.names.begin(), flag.names.end());
  }
  return out + "  esac\n  COMPREPLY+=($(compgen -W \"$words " + joined(globals, " ") +
         "\" -- \"$word\"))\n}\ncomplete -F _unhidra_cli unhidra-cli\n";
}

// Of _describe: text:help.
std::string described(const std::string& text, const std::string& help) {
  return quoted(text + ":" + help, R"('\'')");
}

std::string described(const std::vector<Flag>& flags) {
  std::string out;
  for (const auto& flag : flags) {
    for (const auto& name : flag.names) {
      out += (out.empty() ? "" : " ") + described(name, flag.help);
    }
  }
  return out;
}

std::string zsh_script(const std::vector<Place>& places) {
  std::string out =
      "#compdef unhidra-cli\n"
      "# Load with: source <(unhidra-cli completion zsh)\n"
      "_unhidra_cli() {\n"
      "  local at= i\n"
      "  local -a choices flags globals\n" +
      walk(places, "words", 2, "CURRENT") + "  case $words[CURRENT-1] in\n" +
      case_of(flags_pattern(places, {Takes::folder}), "_directories; return") +
      case_of(flags_pattern(places, {Takes::file}), "_files; return") +
      case_of(flags_pattern(places, {Takes::value}), "_message value; return") +
      "  esac\n"
      "  globals=(" +
      described(places.front().flags) +
      ")\n"
      "  case $at in\n";
  for (const auto& place : places) {
    std::string words;
    for (const auto& word : place.words) {
      words += (words.empty() ? "" : " ") + described(word.text, word.help);
    }
    out += "    '" + place.path + "') choices=(" + words + ")";
    out += place.path.empty() ? "" : " flags=(" + described(place.flags) + ")";
    out += place.file ? "; _files ;;\n" : " ;;\n";
  }
  return out +
         "  esac\n"
         "  _describe -t commands command choices\n"
         "  _describe -o -t options option flags -- globals\n"
         "}\n"
         "compdef _unhidra_cli unhidra-cli\n";
}

std::string fish_flag(const std::string& condition, const Flag& flag) {
  std::string out = "complete -c unhidra-cli" + condition;
  for (const auto& name : flag.names) {
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  out += flag.takes == Takes::nothing  ? ""
         : flag.takes == Takes::file   ? " -r -F"
         : flag.takes == Takes::folder ? " -x -a '(__fish_complete_directories)'"
                                       : " -x";
  return out + " -d " + quoted(flag.help, "\\'") + "\n";
}

std::string fish_script(const std::vector<Place>& places) {
  std::string out =
      "# Load with: unhidra-cli completion fish | source\n"
      "function __unhidra_cli_at\n"
      "  set -l at\n"
      "  set -l before\n"
      "  for word in (commandline -opc)[2..]\n"
      "    set -l value (contains -- \"$before\" " +
      flags_pattern(places, kWithValue, " ") +
      "; and echo yes)\n"
      "    set before $word\n"
      "    test -n \"$value\"; and continue\n"
      "    switch \"$at $word\"\n"
      "      case " +
      paths_pattern(places, " ") +
      "\n        set at \"$at $word\"\n"
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c unhidra-cli -f\n";
  for (const auto& place : places) {
    const std::string condition = " -n \"__unhidra_cli_at '" + place.path + "'\"";
    for (const auto& word : place.words) {
      out += "complete -c unhidra-cli" + condition + " -a " + word.text + " -d " +
             quoted(word.help, "\\'") + "\n";
    }
    if (place.file) {
      out += "complete -c unhidra-cli" + condition + " -F\n";
    }
    for (const auto& flag : place.flags) {
      out += fish_flag(place.path.empty() ? "" : condition, flag);
    }
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell, const CLI::App& app) {
  std::vector<Place> places;
  collect(app, {}, places);
  return shell == "zsh"    ? zsh_script(places)
         : shell == "fish" ? fish_script(places)
                           : bash_script(places);
}

}  // namespace unhidra::cli
