// What the operation policy costs before an operation: without one, with one that allows all, and
// with the example of docs/policy.md.
//
//   operation_policy_bench [--batches N] [--batch N]
//
// Prints one JSON object: for each case the median, over batches, of the CPU time of this thread
// per operation, in nanoseconds.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "unhidra/automation/operation_question.h"
#include "unhidra/crypto/random.h"
#include "unhidra/rego/engine.h"
#include "unhidra/runtime/system_clock.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"

#include "policy/operation_decisions.h"

namespace unhidra::automation {
namespace {

constexpr std::string_view kExample = R"(package unhidra.operations

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

allow := false if {
	input.operation.permission == "messages.send"
	input.resource.parameters.conversation_id == "01a21ef9-97f6-7f1c-a881-720ef6168396"
	not net.cidr_contains("10.20.0.0/16", input.client.ip)
}

working_hours if {
	hour := time.clock([input.time, "Europe/Berlin"])[0]
	hour >= 7
	hour < 19
}
)";

struct Options {
  int batches = 300;
  int batch = 200;
};

double cpu_nanos() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double median_nanos(const Options& options, const std::function<void()>& one) {
  std::vector<double> out;
  for (int batch = 0; batch < options.batches; ++batch) {
    const double begin = cpu_nanos();
    for (int i = 0; i < options.batch; ++i) {
      one();
    }
    out.push_back((cpu_nanos() - begin) / options.batch);
  }
  const auto middle = out.begin() + static_cast<std::ptrdiff_t>(out.size() / 2);
  std::ranges::nth_element(out, middle);
  return *middle;
}

// Somebody who sends a message, and an administrator who changes a user.
struct Asking {
  std::string name;
  std::string operation;
  access::OperationRequest request;
};

std::vector<Asking> everybody(Timestamp now) {
  const auto principal = [&](access::Role role) {
    return access::make_user_principal(OrgId(Uuid{1}), UserId(Uuid{2}), DeviceId(Uuid{3}),
                                       SessionId(Uuid{4}), access::RoleSet(role),
                                       now + std::chrono::minutes(15));
  };
  wire::SendMessage message;
  message.message_id = MessageId(Uuid{6});
  message.conversation_id = ConversationId(Uuid{7});
  std::vector<Asking> out(2);
  out[0] = {.name = "frame", .operation = "messages.send", .request = {}};
  out[0].request.principal = principal(access::Role::member);
  out[0].request.body = wire::encode(message);
  out[1] = {.name = "rest", .operation = "users.update", .request = {}};
  out[1].request.principal = principal(access::Role::org_admin);
  out[1].request.path_parameters.emplace_back("user_id", UserId(Uuid{8}).to_string());
  out[1].request.body = to_bytes(std::string_view(R"({"display_name": "Somebody Else"})"));
  for (auto& asking : out) {
    asking.request.peer = {.ip = "10.20.30.40", .user_agent = "bench/1", .loopback = false};
  }
  return out;
}

void use(OperationDecisions& decisions, std::string_view policy) {
  policy::Documents documents;
  documents.modules.push_back({"bench.rego", std::string(policy)});
  if (const auto used = decisions.book().use(std::move(documents), rego::Syntax::v1); !used) {
    std::fprintf(stderr, "operation_policy_bench: %s\n", used.error().message().c_str());
    std::exit(1);
  }
}

void report(const std::string& name, double nanos, bool& first) {
  std::printf("%s\n  \"%s\": %.0f", first ? "" : ",", name.c_str(), nanos);
  first = false;
}

int run(const Options& options) {
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  const Timestamp now = clock.now();
  const auto all = everybody(now);
  bool first = true;
  std::printf("{");
  for (const auto& [policy_name, policy] :
       {std::pair<std::string, std::string_view>{"none", ""},
        {"allows_all", "package unhidra.operations\n\nallow := true\n"},
        {"example", kExample}}) {
    OperationDecisions decisions(clock, random);
    if (!policy.empty()) {
      use(decisions, policy);
    }
    for (const auto& asking : all) {
      const access::OperationQuestion question{
          .operation = *access::find_operation(asking.operation),
          .request = asking.request,
          .now = now};
      if (!decisions.judge(question).allowed) {
        std::fprintf(stderr, "operation_policy_bench: %s is denied\n", asking.name.c_str());
        return 1;
      }
      report(policy_name + "_" + asking.name,
             median_nanos(options, [&] { (void)decisions.judge(question); }), first);
    }
  }
  for (const auto& asking : all) {
    const access::OperationQuestion question{.operation = *access::find_operation(asking.operation),
                                             .request = asking.request,
                                             .now = now};
    report("input_" + asking.name, median_nanos(options, [&] { (void)operation_input(question); }),
           first);
  }
  std::printf("\n}\n");
  return 0;
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
  return unhidra::automation::run(options);
}
