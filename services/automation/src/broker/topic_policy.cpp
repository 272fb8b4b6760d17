#include "broker/topic_policy.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

constexpr std::string_view kQuery = "data.unhidra.automation.allow = allowed";
constexpr std::uint64_t kMaxSteps = 200'000;
constexpr std::uint64_t kMaxMemory = 8 << 20;
constexpr std::size_t kMaxKnown = 4096;
// A policy may look at the clock.
constexpr std::chrono::seconds kMaxAge{60};

// What holds when nobody has written another policy: a device owns the topics under its own id, and
// reads what is addressed to all; people of the organisation may do everything.
constexpr std::string_view kBuiltIn = R"(package unhidra.automation

default allow := false

allow if input.action == "connect"

allow if {
	input.action in {"publish", "subscribe"}
	startswith(input.topic, concat("", ["devices/", input.device.id, "/"]))
}

allow if {
	input.action == "subscribe"
	startswith(input.topic, "broadcast/")
}

allow if input.user.id
)";

rego::Value text(std::string_view value) {
  return rego::Value::string(std::string(value));
}

rego::Value sealed_input(const identity::GroupPayloadHeader& header) {
  constexpr std::array<std::string_view, 4> kKinds = {"telemetry", "state", "command", "result"};
  return rego::Value::object(
      {{text("group"), text(to_hex(header.group.bytes()))},
       {text("sender"), text(to_hex(header.sender.bytes()))},
       {text("epoch"), rego::Value::integer(header.epoch)},
       {text("kind"), text(kKinds[static_cast<std::size_t>(header.kind) & 3U])},
       {text("signed"), rego::Value::boolean(header.is_signed)}});
}

rego::Value input_of(const Subject& subject, const TopicQuestion& question) {
  auto members = subject.facts;
  const auto add = [&members](std::string_view name, rego::Value value) {
    members.emplace_back(text(name), std::move(value));
  };
  add("action", text(question.action));
  add("qos", rego::Value::integer(static_cast<int>(question.qos)));
  add("retain", rego::Value::boolean(question.retain));
  add("delivery", rego::Value::boolean(question.delivery));
  if (!question.topic.empty()) {
    add("topic", text(question.topic));
    add("reading_type", text(question.topic.substr(question.topic.rfind('/') + 1)));
  }
  if (!question.filter.empty()) {
    add("filter", text(question.filter));
  }
  if (!question.share.empty()) {
    add("share", text(question.share));
  }
  if (question.sealed) {
    add("e2ee", sealed_input(*question.sealed));
  }
  return rego::Value::object(std::move(members));
}

std::string key_of(const TopicQuestion& question) {
  std::string out;
  out.reserve(question.topic.size() + question.share.size() + 4);
  out += question.action.front();
  out += static_cast<char>('0' + static_cast<int>(question.qos) + (question.retain ? 4 : 0) +
                           (question.delivery ? 8 : 0));
  if (const auto& sealed = question.sealed) {
    ByteWriter header;
    identity::write(header, {.suite = sealed->suite,
                             .kind = sealed->kind,
                             .is_signed = sealed->is_signed,
                             .retained = sealed->retained,
                             .group = sealed->group,
                             .epoch = sealed->epoch,
                             .sender = sealed->sender,
                             .counter = 0});
    out += as_text(header.view());
  }
  out += question.share;
  out += '\n';
  out += question.topic;
  return out;
}

}  // namespace

Result<std::shared_ptr<const rego::PreparedQuery>> TopicPolicy::load(
    const std::filesystem::path& folder, rego::Syntax syntax) {
  std::vector<rego::ModuleSource> modules;
  if (folder.empty()) {
    modules.push_back({"built-in.rego", std::string(kBuiltIn)});
    syntax = rego::Syntax::v1;
  } else {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".rego") {
        std::ifstream file(entry.path(), std::ios::binary);
        modules.push_back({entry.path().string(), {std::istreambuf_iterator<char>(file), {}}});
      }
    }
    if (error || modules.empty()) {
      return fail(
          Errc::bad_policy,
          "automation.policy: there is no .rego file that can be read in " + folder.string());
    }
    std::ranges::sort(modules, {}, &rego::ModuleSource::file);
  }
  const auto policy = rego::PolicySet::compile(modules, syntax);
  if (!policy) {
    return fail(Errc::bad_policy, "automation.policy: " + policy.error().message());
  }
  auto query = policy->prepare(kQuery);
  if (!query) {
    return fail(Errc::bad_policy, "automation.policy: " + query.error().message());
  }
  return std::make_shared<const rego::PreparedQuery>(*std::move(query));
}

TopicPolicy::TopicPolicy(std::shared_ptr<const rego::PreparedQuery> query, const Clock& clock,
                         RandomSource& random)
    : query_(std::move(query)), clock_(clock), random_(random) {}

void TopicPolicy::replace(std::shared_ptr<const rego::PreparedQuery> query) {
  query_ = std::move(query);
  ++revision_;
}

bool TopicPolicy::allows(const Subject& subject, const TopicQuestion& question) {
  auto& decisions = subject.decisions;
  const auto now = clock_.steady_now();
  if (decisions.revision != revision_ || now - decisions.since > kMaxAge ||
      decisions.known.size() >= kMaxKnown) {
    decisions.known.clear();
    decisions.revision = revision_;
    decisions.since = now;
  }
  auto key = key_of(question);
  if (const auto found = decisions.known.find(key); found != decisions.known.end()) {
    return found->second;
  }
  const bool allowed = decide(subject, question);
  decisions.known.emplace(std::move(key), allowed);
  return allowed;
}

bool TopicPolicy::decide(const Subject& subject, const TopicQuestion& question) {
  ++stats_.decisions;
  rego::Evaluation evaluation;
  evaluation.input = input_of(subject, question);
  evaluation.now = clock_.now();
  evaluation.random = &random_;
  evaluation.max_steps = kMaxSteps;
  evaluation.max_memory = kMaxMemory;
  const auto solutions = query_->evaluate(evaluation);
  if (!solutions) {
    ++stats_.failures;
    ++stats_.denials;
    log::warn("policy.failed", {{"error", solutions.error()}});
    return false;
  }
  const bool allowed = solutions->size() == 1 && solutions->front().size() == 1 &&
                       solutions->front().front().second == rego::Value::boolean(true);
  stats_.denials += allowed ? 0 : 1;
  return allowed;
}

}  // namespace unhidra::automation
