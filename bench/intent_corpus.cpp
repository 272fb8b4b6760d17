// What the intent matcher makes of sentences: one a line on standard input, one answer a line on
// standard output. bench/intent_corpus.py asks it with a public corpus.
//
//   intent_corpus TARGETS     a line of TARGETS: id <tab> kind <tab> name[|name ...] <tab> room
//   answer: clear <tab> id <tab> command <tab> score, unclear, or nothing
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "unhidra/actions/intent.h"

namespace {

using namespace unhidra::actions;

std::vector<Target> read_targets(const char* path) {
  std::ifstream file(path);
  std::vector<Target> out;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells(line);
    Target target;
    std::string kind;
    std::string names;
    std::getline(cells, target.id, '\t');
    std::getline(cells, kind, '\t');
    std::getline(cells, names, '\t');
    std::getline(cells, target.room, '\t');
    target.kind = kind_of(kind);
    std::istringstream each(names);
    for (std::string name; std::getline(each, name, '|');) {
      target.names.push_back(name);
    }
    out.push_back(std::move(target));
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("intent_corpus TARGETS < sentences\n", stderr);
    return 2;
  }
  const IntentMatcher matcher(read_targets(arguments[1]));
  for (std::string sentence; std::getline(std::cin, sentence);) {
    const auto understood = matcher.understand(sentence);
    if (understood.understanding == Understanding::clear && understood.intent) {
      const auto& intent = *understood.intent;
      std::printf("clear\t%s\t%s\t%.2f\n", matcher.targets()[intent.target].id.c_str(),
                  intent.command.c_str(), intent.score);
    } else {
      std::puts(understood.understanding == Understanding::unclear ? "unclear" : "nothing");
    }
  }
}
