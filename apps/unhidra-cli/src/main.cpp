#include "app.h"

int main(int argc, char** argv) {
  return unhidra::cli::run(argc, argv, unhidra::cli::process_surroundings());
}
