#include "commands.h"

int main(int argc, char** argv) {
  return unhidra::device::run_command_line(argc, argv);
}
