#pragma once
// Decides. Policies are exchanged as a whole: a decision is made with the one or with the other,
// none is lost, and what was known under the old one is forgotten.
//
// Safe from any thread. Fails closed: without a policy, with an error, with an exhausted budget or
// an answer that is not `true`, the decision is no, is logged and counted.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/policy/compile_limit.h"
#include "unhidra/policy/decision.h"
#include "unhidra/policy/documents.h"
#include "unhidra/runtime/published.h"

namespace unhidra::policy {

struct ServiceSettings {
  std::string query = "data.unhidra.automation.allow";
  rego::Syntax syntax = rego::Syntax::v1;
  std::uint64_t max_steps = 200'000;
  std::uint64_t max_memory = 8 << 20;  // bytes
  std::chrono::milliseconds max_time{100};
  // What is known is used again for so long, as policies may look at the clock; zero: never.
  std::chrono::milliseconds max_age{60'000};
  std::size_t max_known = 65'536;    // decisions; when they are more, old ones go first, then all
  std::string_view name = "policy";  // of log events; static: "policy.failed"
  // What has nothing in the query's package is refused: Errc::silent.
  bool must_speak = false;
};

struct ServiceStats {
  std::uint64_t decisions = 0;   // evaluated
  std::uint64_t from_known = 0;  // answered without
  std::uint64_t denials = 0;     // evaluated ones
  std::uint64_t failures = 0;    // denied on another ground than the policy's own word
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;  // the old policy stayed
  std::uint64_t compilations = 0;    // fewer than reloads: other data alone compiles nothing
};

// What a decision is remembered by.
struct DecisionKey {
  std::string_view identity;
  std::string_view action;
  std::string_view topic;
  std::string_view rest;  // whatever else the policy sees: QoS, retain flag
};

class PolicyService {
 public:
  // `sink` may be null. References outlive the service.
  PolicyService(ServiceSettings settings, const Clock& clock, RandomSource& random,
                DecisionSink* sink = nullptr);

  // Compiles and takes it in use; `syntax` otherwise than the settings say. On failure the policy
  // that is in use stays. Modules that are in use already are not compiled again, and of what was
  // made of the data at load only what depends on a change is made again. Blocks meanwhile.
  // rego::Errc::compile_time: the compiler would need longer than it may.
  Status activate(Documents documents, std::optional<rego::Syntax> syntax = std::nullopt,
                  std::chrono::milliseconds max_compile_time = kMaxCompileTime);
  // Nothing decides any more: every answer is no.
  void deactivate();

  Decision decide(const rego::Value& input);
  // `make_input` is called when the decision is not known.
  bool allows(const DecisionKey& key, const std::function<rego::Value()>& make_input);

  std::string revision() const;
  // Grows with every change of the policy: whoever keeps decisions forgets them then.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  ServiceStats stats() const;

 private:
  struct Loaded {
    std::vector<rego::ModuleSource> modules;
    rego::Syntax syntax = rego::Syntax::v1;
    rego::PreparedQuery query;
    rego::LoadedData data;
    std::string revision;
    std::uint64_t generation = 0;
    bool rules_speak = false;  // of what is asked
  };
  struct Known {
    bool allowed = false;
    std::uint64_t generation = 0;
    SteadyTime since;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Known> known;
  };
  bool is_silent(const Loaded& loaded, const rego::Value& data) const;
  std::unexpected<Error> silent() const;
  Result<std::shared_ptr<Loaded>> load(Documents documents, rego::Syntax syntax,
                                       const CompileLimit& limit);
  Decision evaluate(const Loaded* loaded, const rego::Value& input);
  void count(const Decision& decision, const rego::Value& input);
  void warn(const Decision& decision);
  std::string event(std::string_view what) const;
  void remember(Shard& shard, std::string key, const Known& known);

  ServiceSettings settings_;
  const Clock& clock_;
  RandomSource& random_;
  DecisionSink* sink_;
  std::mutex changing_;
  runtime::Published<Loaded> loaded_;
  std::atomic<std::uint64_t> generation_{0};
  std::array<Shard, 16> shards_;
  std::atomic<std::uint64_t> decisions_{0};
  std::atomic<std::uint64_t> from_known_{0};
  std::atomic<std::uint64_t> denials_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> reloads_{0};
  std::atomic<std::uint64_t> failed_reloads_{0};
  std::atomic<std::uint64_t> compilations_{0};
  std::atomic<SteadyTime::duration::rep> warned_{0};  // when; 0: never
};

}  // namespace unhidra::policy
