// Prints the operations table as JSON.
#include <cstdio>

#include "unhidra/access/operation.h"

int main() {
  std::puts(unhidra::access::operations_as_json().c_str());
}
