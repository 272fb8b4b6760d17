// Decisions of a compiled policy ask for no memory after the first of their kind, and any number of
// threads may decide at once.
#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "measured_policies.h"
#include "policies.h"
#include "values/node_pool.h"

namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment = 0) {
  ++allocations;
  void* out = alignment == 0 ? std::malloc(bytes) : std::aligned_alloc(alignment, bytes);
  if (out == nullptr) {
    throw std::bad_alloc();
  }
  return out;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes);
}
void* operator new[](std::size_t bytes) {
  return counted(bytes);
}
// Of the standard library's temporary buffers, which are given back by the delete below.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace unhidra::rego {
namespace {

struct Asked {
  PreparedQuery query;
  std::vector<Evaluation> evaluations;
  std::vector<bool> allowed;

  bool is_right(std::size_t i) const {
    const auto decision = query.evaluate_one(evaluations[i]);
    return decision && *decision && (**decision).as_boolean() == allowed[i];
  }
};

Asked asked(const std::string& policy, const std::string& query, Syntax syntax,
            const std::vector<Request>& requests, const std::string& data = "{}") {
  Asked out{.query = *compile(policy, syntax)->prepare(query), .evaluations = {}, .allowed = {}};
  const Value given = *value_from_json(data);
  for (const Request& request : requests) {
    Evaluation one;
    one.input = *value_from_json(request.json);
    one.data = given;
    out.evaluations.push_back(std::move(one));
    out.allowed.push_back(request.allowed);
  }
  return out;
}

Asked roadmap() {
  auto requests = roadmap_requests();
  // Longer than a string keeps inside itself.
  requests.push_back(
      {R"({"device":{"type":"sensor","id":"meter-0815-ground-floor"},"action":"publish","topic":"sensors/meter-0815-ground-floor/temperature","reading_type":"temperature"})",
       true});
  return asked(kRoadmap, "data.unhidra.automation.allow = x", Syntax::v0, requests);
}
Asked thousand_rules() {
  auto requests = rules_requests(1'000, true);
  for (auto& miss : rules_requests(1'000, false)) {
    requests.push_back(std::move(miss));
  }
  return asked(many_rules(1'000), "data.rules.allow = x", Syntax::v1, requests);
}
Asked thousand_patterns() {
  auto requests = patterns_requests(1'000, true);
  for (auto& miss : patterns_requests(1'000, false)) {
    requests.push_back(std::move(miss));
  }
  return asked(many_patterns(1'000), "data.globs.allow = x", Syntax::v1, requests);
}
Asked roles_in_data() {
  return asked(kDataRbac, "data.rbac.allow = x", Syntax::v1, rbac_requests(), rbac_data());
}

void expect_no_allocation(const Asked& what) {
  if (!kRecycles) {
    GTEST_SKIP() << "a sanitizer is to see every node";
  }
  for (int warm_up = 0; warm_up < 2; ++warm_up) {
    for (std::size_t i = 0; i < what.evaluations.size(); ++i) {
      ASSERT_TRUE(what.is_right(i));
    }
  }
  const std::size_t before = allocations;
  bool right = true;
  for (int turn = 0; turn < 100; ++turn) {
    for (std::size_t i = 0; i < what.evaluations.size(); ++i) {
      right = what.is_right(i) && right;
    }
  }
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_TRUE(right);
}

TEST(Allocations, AreCounted) {
  const std::size_t before = allocations;
  delete new int(1);
  EXPECT_EQ(allocations - before, 1U);
}

TEST(Allocations, DocumentsComprehensionsAndFunctionsNeedNone) {
  constexpr auto kPolicy = R"(package a

allow if {
  "writer" in roles
  every tag in input.tags { startswith(tag, "public/") }
  weight(input.kind) > 1
  count([tag | some tag in input.tags; tag != "public/b"]) == 2
  limits[input.kind] >= object.get(input, "size", 0)
  names == {"ada", "grace"}
}
roles contains role if some role in data.users[input.user]
roles contains "reader" if input.user
limits[kind] := limit if { some limit, kind in data.kinds }
weight(kind) := 2 if kind == "door"
weight(kind) := 1 if kind == "lamp"
names := {lower(name) | some name in input.names}
)";
  expect_no_allocation(asked(
      kPolicy, "data.a.allow = x", Syntax::v1,
      {{R"({"user": "u1", "kind": "door", "size": 1, "tags": ["public/a", "public/b", "public/c"], "names": ["Grace", "Ada"]})",
        true}},
      R"({"users": {"u1": ["writer", "auditor"]}, "kinds": ["window", "door", "lamp"]})"));
}

TEST(Allocations, TheRoadmapsPolicyNeedsNone) {
  expect_no_allocation(roadmap());
}

TEST(Allocations, AThousandRulesNeedNone) {
  expect_no_allocation(thousand_rules());
}

TEST(Allocations, AThousandPatternsNeedNone) {
  expect_no_allocation(thousand_patterns());
}

TEST(Allocations, RolesInDataNeedNone) {
  expect_no_allocation(roles_in_data());
}

TEST(Allocations, RolesInLoadedDataNeedNone) {
  Asked roles = roles_in_data();
  const PolicySet policy = *compile(kDataRbac);
  const LoadedData data = policy.load(roles.evaluations[0].data);
  roles.query = *policy.prepare("data.rbac.allow = x");
  for (Evaluation& evaluation : roles.evaluations) {
    evaluation.loaded = &data;
  }
  expect_no_allocation(roles);
}

// One set of compiled policies, shared by all; each thread leaves in turn, and others come.
TEST(Threads, ManyDecideAtOnceByTheSamePolicies) {
  const std::vector<Asked> policies = {roadmap(), thousand_rules(), roles_in_data()};
  std::atomic<int> wrong = 0;
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      while (!go.load()) {
        std::this_thread::yield();
      }
      for (int turn = 0; turn < 40 + i; ++turn) {
        for (const Asked& one : policies) {
          for (std::size_t k = 0; k < one.evaluations.size(); ++k) {
            wrong += one.is_right(k) ? 0 : 1;
          }
        }
      }
    });
  }
  go = true;
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace unhidra::rego
