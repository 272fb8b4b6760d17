#pragma once

#include <pthread.h>
#include <string>

namespace unhidra::runtime {

// Linux keeps 15 characters: shown by top -H, in core files and by perf.
inline void set_thread_name(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace unhidra::runtime
