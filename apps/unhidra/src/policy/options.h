#pragma once
// What `unhidra policy ...` was told.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "unhidra/policy/documents.h"

namespace unhidra::server::policy_line {

// What a client of the broker would ask, for `explain`.
struct Question {
  std::string device;  // its id
  std::string device_type;
  std::string user;  // his id
  std::string role;
  std::vector<std::string> groups;
  std::map<std::string, std::string> labels;
  std::string ip;
  bool connects = false;
  std::string publish;    // a topic
  std::string subscribe;  // a filter
  std::string deliver;    // the topic of a message
  int qos = 0;
  bool retain = false;
  // Of chat and administration:
  std::string operation;                // as the audit log names it
  std::string org;                      // the user's, an id
  std::vector<std::string> parameters;  // NAME=ID
  std::string agent;
  bool loopback = false;
  std::string at;  // RFC 3339; empty: now

  // Whether anything of the broker's question was named.
  bool asks_broker() const {
    return connects || !device.empty() || !user.empty() || !publish.empty() || !subscribe.empty() ||
           !deliver.empty() || !ip.empty();
  }
};

struct Options {
  std::vector<std::string> data;     // -d
  std::vector<std::string> bundles;  // -b
  std::string bundle_keys;           // file with the JWK, or JWK set, that must have signed them
  std::vector<std::string> ignored;  // --ignore
  std::vector<std::string> paths;    // of check, test, fmt
  bool paths_are_bundles = false;    // of check, test
  std::string query;
  std::string package;               // of the query
  std::vector<std::string> imports;  // of the query
  std::string input;                 // -i: a file
  bool input_from_stdin = false;
  bool query_from_stdin = false;
  std::string format;
  std::string schema;        // -s: a file or a folder
  std::string capabilities;  // a file
  bool v0 = false;
  bool v1 = false;
  bool strict = false;
  bool strict_errors = false;
  bool coverage = false;
  bool metrics = false;
  bool instruments = false;  // metrics, and what of its limits an evaluation used up
  bool shows_builtin_errors = false;
  bool walks_tree = false;
  bool with_variables = false;   // in explanations
  std::size_t pretty_limit = 0;  // characters of a cell; zero: all
  bool profile = false;
  std::int64_t profile_limit = 10;  // lines; below 1: all
  std::vector<std::string> profile_sort;
  std::uint32_t repeats = 1;        // evaluations that are profiled, runs of tests and benchmarks
  std::string explanation = "off";  // fails, full
  bool partial = false;
  std::vector<std::string> unknowns{"input"};
  std::vector<std::string> apart;  // not contained in what stays
  double threshold = 0;            // percent
  bool fails_undefined = false;
  bool fails_defined = false;
  bool verbose = false;
  std::string pattern;
  bool zero_on_skipped = false;
  bool fails_empty = false;
  bool benches = false;  // tests
  std::string log;       // of decisions
  bool writes = false;
  bool lists = false;
  bool shows_difference = false;
  bool fails = false;
  std::size_t decisions = 10'000;  // that are measured in one run
  bool tells_memory = true;        // beside what is measured
  bool current = false;            // capabilities: this engine's own
  std::string version;             // of the reference, whose capabilities are wanted
  std::string file;                // with capabilities
  Question question;
  std::uint64_t max_steps = 50'000'000;
  std::chrono::nanoseconds timeout{0};  // of one evaluation; zero: none
  std::size_t max_errors = 10;          // that check tells; zero: all

  rego::CompileOptions compile() const {
    return {.syntax = v0 ? rego::Syntax::v0 : rego::Syntax::v1, .strict = strict};
  }
};

// Exit codes are the reference's: eval 2 on an error, 1 by --fail; check 1; test 2 when one fails.
Result<int> eval(const Options& options);
Result<int> check(const Options& options);
Result<int> test(const Options& options);
Result<int> format(const Options& options);  // 1: refused, or with --fail: something differs
Result<int> bench(const Options& options);
Result<int> explain(const Options& options);
Result<int> dry_run(const Options& options);  // 1: with --fail, a decision changes
Result<int> capabilities(const Options& options);

}  // namespace unhidra::server::policy_line
