#include <string_view>

#include "app.h"
#include "picture/picture_process.h"

int main(int argc, char** argv) {
  using namespace unhidra::cli;
  if (argc == 2 && std::string_view(argv[1]) == picture::kWorkerArgument) {
    return picture::run_worker();
  }
  return run(argc, argv, process_surroundings());
}
