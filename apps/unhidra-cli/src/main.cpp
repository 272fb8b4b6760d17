#include "app.h"
#include "picture/picture_process.h"

int main(int argc, char** argv) {
  using namespace unhidra::cli;
  if (argc == 2) {
    if (const auto done = picture::run_worker(argv[1])) {
      return *done;
    }
  }
  return run(argc, argv, process_surroundings());
}
