// What the operation policy costs one operation: without a policy, and with that of docs/policy.md.
//
//   operation_policy_bench [--batches N] [--batch N]
//
// Prints one JSON object: for each case the median, over batches, of the CPU time of this thread
// per decision, in microseconds.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>

#include "unhidra/automation/operation_question.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"

#include "policy/operation_decisions.h"

namespace unhidra::automation {
namespace {

constexpr std::string_view kPolicy = R"(package unhidra.operations

default allow := true

allow := false if {
	input.user.role == "guest"
	input.operation.permission == "messages.send"
	not working_hours
}

allow := false if {
	input.operation.permission in {"users.manage", "roles.assign"}
	not net.cidr_contains("10.20.0.0/16", input.client.ip)
}

working_hours if {
	hour := time.clock([input.time, "Europe/Berlin"])[0]
	hour >= 7
	hour < 19
}
)";

double cpu_micros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

struct Options {
  int batches = 300;
  int batch = 100;
};

[[gnu::noinline]] void operation_policy_measured(int count, const std::function<void()>& one) {
  for (int i = 0; i < count; ++i) {
    one();
  }
}

void measure(const Options& options, const char* name, const std::function<void()>& one) {
  operation_policy_measured(options.batch, one);  // warm-up
  std::vector<double> times;
  for (int i = 0; i < options.batches; ++i) {
    const double start = cpu_micros();
    operation_policy_measured(options.batch, one);
    times.push_back((cpu_micros() - start) / options.batch);
  }
  std::ranges::sort(times);
  std::printf("  \"%s\": {\"p50_us\": %.3f, \"p90_us\": %.3f},\n", name, times[times.size() / 2],
              times[times.size() * 9 / 10]);
}

void run(const Options& options) {
  testkit::FakeClock clock;
  testkit::SeededRandom random(1);
  OperationDecisions decisions(clock, random);
  const OrgId org(Uuid{1});
  access::OperationRequest asking;
  asking.peer = {.ip = "10.20.3.4", .user_agent = "bench/1", .loopback = false};
  const auto as = [&](access::Role role) {
    asking.principal =
        access::make_user_principal(org, UserId(Uuid{2}), DeviceId(Uuid{3}), SessionId(Uuid{4}),
                                    access::RoleSet(role), clock.now() + std::chrono::minutes(15));
  };
  const auto judge = [&](std::string_view operation) {
    const auto& row = *access::find_operation(operation);
    return [&, question = access::OperationQuestion{
                   .operation = row, .request = asking, .now = clock.now()}] {
      if (decisions.judge(question).ground.size() > 32) {
        std::abort();
      }
    };
  };
  as(access::Role::member);
  measure(options, "without_a_policy", judge("messages.send"));
  policy::Documents documents;
  documents.modules.push_back({"operations.rego", std::string(kPolicy)});
  if (!decisions.book().use(org, documents, rego::Syntax::v1)) {
    std::fprintf(stderr, "operation_policy_bench: the policy does not compile\n");
    std::exit(1);
  }
  measure(options, "input_alone", [&] {
    const auto input = operation_input({.operation = *access::find_operation("messages.send"),
                                        .request = asking,
                                        .now = clock.now()});
    if (input.size() < 6) {
      std::abort();
    }
  });
  measure(options, "member_sends", judge("messages.send"));
  as(access::Role::guest);
  measure(options, "guest_sends", judge("messages.send"));
  as(access::Role::org_admin);
  measure(options, "admin_creates_a_user", judge("users.create"));
}

}  // namespace
}  // namespace unhidra::automation

int main(int argc, char** argv) {
  unhidra::automation::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--batches") == 0) {
      options.batches = std::max(1, std::atoi(argv[i + 1]));
    } else if (std::strcmp(argv[i], "--batch") == 0) {
      options.batch = std::max(1, std::atoi(argv[i + 1]));
    }
  }
  std::puts("{");
  unhidra::automation::run(options);
  std::puts("  \"unit\": \"CPU time of one decision\"\n}");
  return 0;
}
