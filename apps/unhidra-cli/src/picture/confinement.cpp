#include "confinement.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace unhidra::cli::picture {
namespace {

// A sanitizer keeps terabytes of addresses and calls what no decoder calls.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this architecture's AUDIT_ARCH constant"
#endif

constexpr std::array kAllowed{__NR_write,      __NR_brk,          __NR_mmap,         __NR_munmap,
                              __NR_mremap,     __NR_madvise,      __NR_futex,        __NR_exit,
                              __NR_exit_group, __NR_rt_sigreturn, __NR_clock_gettime};

constexpr sock_filter statement(unsigned code, unsigned value) {
  return {static_cast<unsigned short>(code), 0, 0, value};
}
constexpr sock_filter jump_equal(unsigned value, unsigned char then, unsigned char otherwise) {
  return {BPF_JMP | BPF_JEQ | BPF_K, then, otherwise, value};
}

// The architecture first, as numbers of calls differ; then the list; what is not on it ends it all.
constexpr auto filter() {
  constexpr auto kHead = std::size_t{4};
  std::array<sock_filter, kHead + kAllowed.size() + 2> out{};
  out[0] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  out[1] = jump_equal(kArchitecture, 1, 0);
  out[2] = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  out[3] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (std::size_t i = 0; i < kAllowed.size(); ++i) {
    const auto to_allowed = static_cast<unsigned char>(kAllowed.size() - i);
    out[kHead + i] = jump_equal(static_cast<unsigned>(kAllowed[i]), to_allowed, 0);
  }
  out[out.size() - 2] = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  out[out.size() - 1] = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return out;
}

bool limit(__rlimit_resource what, rlim_t most) {
  const rlimit wanted{most, most};
  return ::setrlimit(what, &wanted) == 0;
}

bool allow_listed_calls_only() {
  auto instructions = filter();
  const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool confine(std::size_t memory_bytes, unsigned cpu_seconds) {
  const bool bounded = ::close_range(STDERR_FILENO + 1, ~0U, 0) == 0 && limit(RLIMIT_CORE, 0) &&
                       limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, 0) &&
                       limit(RLIMIT_CPU, cpu_seconds);
  return bounded && (kSanitized || (limit(RLIMIT_AS, memory_bytes) && allow_listed_calls_only()));
}

}  // namespace unhidra::cli::picture
