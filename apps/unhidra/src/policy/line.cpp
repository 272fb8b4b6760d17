#include "line.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "unhidra/policy/profile.h"

#include "options.h"

namespace unhidra::server::policy_line {
namespace {

using Command = Result<int> (*)(const Options&);

struct Line {
  std::shared_ptr<Options> options = std::make_shared<Options>();
  CLI::App* app = nullptr;

  void format(std::vector<std::string> formats, const std::string& standard) const {
    options->format = standard;
    app->add_option("-f,--format", options->format, "Form of the answer")
        ->check(CLI::IsMember(std::move(formats)))
        ->capture_default_str();
  }
  void language() const {
    auto* v0 = app->add_flag("--v0-compatible", options->v0, "Policies are in the syntax of v0");
    app->add_flag("--v1-compatible", options->v1,
                  "Policies are in the syntax of v1, as they are anyway")
        ->excludes(v0);
    app->add_flag("-S,--strict", options->strict,
                  "Refuse unused imports, variables and arguments too");
    app->add_option("--ignore", options->ignored, "Names (patterns) of files to leave out");
  }
  // What is asked for and what is not to be had: a word instead of an unknown option.
  void engine() const {
    app->add_option("--capabilities", options->capabilities,
                    "File that says which functions and features policies may use");
    app->add_option_function<std::string>(
        "-t,--target",
        [](const std::string& target) {
          if (target != "rego") {
            throw CLI::ValidationError(
                "--target", "has rego alone: policies run in this program, not in WebAssembly");
          }
        },
        "rego: the only one");
  }
  void runs(const std::string& what) const {
    app->add_option("--count", options->repeats, "How often to repeat " + what)
        ->check(CLI::Range(1U, 100'000U))
        ->capture_default_str();
  }
  void memory() const {
    app->add_flag("--benchmem", options->tells_memory,
                  "Also tell the bytes and steps of one evaluation");
  }
  void schema() const {
    app->add_option(
        "-s,--schema", options->schema,
        "JSON Schema of the input: a file; or a folder of schemas that annotations name");
  }
  void data() const {
    app->add_option(
           "-d,--data", options->data,
           "File or folder of policies (.rego) and data (.json, .yaml), may be PREFIX:PATH")
        ->take_all()
        ->allow_extra_args(false);
    app->add_option("-b,--bundle", options->bundles, "Bundle: a .tar.gz or a folder")
        ->take_all()
        ->allow_extra_args(false);
    app->add_option("--verification-key", options->bundle_keys,
                    "File with the public key (JWK or JWK set) that must have signed the bundles");
  }
  void input() const {
    app->add_option("-i,--input", options->input, "File with the input, JSON or YAML");
    app->add_flag("-I,--stdin-input", options->input_from_stdin,
                  "Read the input from standard input");
  }
  void steps() const {
    app->add_option("--max-steps", options->max_steps, "Steps that one evaluation may take")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  }
  void timeout(std::chrono::nanoseconds standard) const {
    options->timeout = standard;
    app->add_option_function<std::string>(
           "--timeout",
           [options = options](const std::string& text) {
             const auto duration = rego::parse_duration(text);
             if (!duration || *duration < std::chrono::nanoseconds::zero()) {
               throw CLI::ValidationError("--timeout", "wants a duration, such as 500ms or 2s");
             }
             options->timeout = *duration;
           },
           "How long one evaluation may take; 0: as long as it likes")
        ->default_str(standard == std::chrono::nanoseconds::zero() ? "0s" : "5s");
  }
  void paths() const { app->add_option("paths", options->paths, "Files and folders")->required(); }
  void bundle_paths() const {
    paths();
    app->add_flag("-b,--bundle", options->paths_are_bundles, "The paths are bundles");
    app->add_option("--verification-key", options->bundle_keys,
                    "File with the public key (JWK or JWK set) that must have signed the bundles");
  }
};

Line word(CLI::App& parent, std::function<Result<int>()>& chosen, const std::string& name,
          const std::string& description, Command command) {
  Line out;
  out.app = parent.add_subcommand(name, description);
  out.app->callback([&chosen, options = out.options, command] {
    chosen = [options, command] { return command(*options); };
  });
  return out;
}

void add_partial(CLI::App& app, Options& options, CLI::Option& coverage) {
  auto* partial = app.add_flag("-p,--partial", options.partial,
                               "Work out what is known, and answer what must hold of the rest")
                      ->excludes(&coverage);
  // What follows may be the query.
  app.add_option("-u,--unknowns", options.unknowns, "What is not known, such as input.user")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str()
      ->needs(partial);
  app.add_option("--disable-inlining", options.apart,
                 "Rules and packages that the answer refers to, such as data.a.p")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->needs(partial);
}

// Limits, orders and repeats switch the profile on, as with the reference.
void add_profile(CLI::App& app, Options& options, CLI::Option& coverage) {
  auto* profile =
      app.add_flag("--profile", options.profile, "Also report where the time went, line by line")
          ->excludes(&coverage)
          ->excludes(app.get_option("--explain"));
  const auto switches_on = [&options](const auto&) { options.profile = true; };
  app.add_option("--profile-limit", options.profile_limit, "Lines to report; 0: all")
      ->capture_default_str()
      ->each(switches_on)
      ->excludes(&coverage);
  std::vector<std::string> orders(policy::profile_orders().begin(), policy::profile_orders().end());
  app.add_option("--profile-sort", options.profile_sort, "What the report is sorted by")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(std::move(orders)))
      ->each(switches_on)
      ->excludes(&coverage);
  app.add_option("--count", options.repeats, "Evaluations that are profiled")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str()
      ->needs(profile);
}

void add_eval(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line = word(parent, chosen, "eval", "Evaluate a query", eval);
  auto& options = *line.options;
  auto* query = line.app->add_option("query", options.query, "Such as data.a.allow");
  auto* from_stdin =
      line.app->add_flag("--stdin", options.query_from_stdin, "Read the query from standard input");
  query->excludes(from_stdin);
  auto* package = line.app->add_option("--package", options.package,
                                       "Package that the query is in: names are its rules");
  auto* imports =
      line.app->add_option("--import", options.imports, "What the query imports: data.a as b")
          ->take_all()
          ->allow_extra_args(false);
  line.data();
  line.input();
  line.schema();
  line.language();
  line.engine();
  line.steps();
  line.timeout(std::chrono::nanoseconds::zero());
  line.format({"json", "pretty", "raw", "values", "bindings", "discard", "source"}, "json");
  line.app->add_flag("--strict-builtin-errors", options.strict_errors,
                     "A built-in function that fails ends the evaluation");
  auto* coverage = line.app->add_flag("--coverage", options.coverage,
                                      "Also report which lines were gone through");
  line.app->add_flag("--metrics", options.metrics, "Also report how long it took");
  line.app->add_flag("--instrument", options.instruments,
                     "Also report steps, work and memory, with --metrics");
  line.app->add_flag("--show-builtin-errors", options.shows_builtin_errors,
                     "Say on standard error which built-in functions failed, and go on");
  line.app->add_flag("--disable-indexing,--disable-early-exit", options.walks_tree,
                     "Evaluate rule by rule, without an index or programs");
  line.app->add_option("--pretty-limit", options.pretty_limit,
                       "Characters of a cell with --format pretty; 0: all");
  line.app
      ->add_option("--explain", options.explanation,
                   "Also say which rules were tried: those that did not match, or all")
      ->check(CLI::IsMember({"off", "fails", "full"}))
      ->excludes(coverage);
  line.app
      ->add_flag("--var-values", options.with_variables,
                 "Also say what variables were where something failed")
      ->needs(line.app->get_option("--explain"));
  add_profile(*line.app, options, *coverage);
  line.app->add_flag("--fail", options.fails_undefined, "Exit with 1 when there is no answer");
  line.app->add_flag("--fail-defined", options.fails_defined, "Exit with 1 when there is one")
      ->excludes(line.app->get_option("--fail"));
  auto* input_stdin = line.app->get_option("--stdin-input");
  input_stdin->excludes(from_stdin)->excludes(line.app->get_option("--input"));
  add_partial(*line.app, options, *coverage);
  for (auto* flag : {package, imports, line.app->get_option("--profile")}) {
    flag->excludes(line.app->get_option("--partial"));
  }
}

void add_check(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line =
      word(parent, chosen, "check", "Say what is wrong with policies, all of it", check);
  line.bundle_paths();
  line.app->add_option("-m,--max-errors", line.options->max_errors, "How many to tell; 0: all")
      ->capture_default_str();
  line.schema();
  line.language();
  line.engine();
  line.format({"pretty", "json"}, "pretty");
}

void add_test(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line = word(parent, chosen, "test", "Run the rules that begin with test_", test);
  auto& options = *line.options;
  line.bundle_paths();
  line.schema();
  line.language();
  line.engine();
  line.steps();
  line.timeout(std::chrono::seconds(5));
  line.format({"pretty", "json", "gobench"}, "pretty");
  line.runs("each test");
  line.memory();
  line.app
      ->add_option("-m,--max-errors", options.max_errors,
                   "How many errors of policies to tell; 0: all")
      ->capture_default_str();
  line.app->add_flag("-v,--verbose", options.verbose, "Tell of tests that pass, too");
  line.app->add_option("-r,--run", options.pattern, "Run only tests whose name matches");
  auto* coverage =
      line.app->add_flag("-c,--coverage", options.coverage, "Report the lines gone through");
  line.app->add_option("--threshold", options.threshold, "Percent of lines that must be covered")
      ->check(CLI::Range(0.0, 100.0));
  line.app->add_flag("--bench", options.benches, "Measure the tests that pass")
      ->excludes(coverage)
      ->excludes(line.app->get_option("--threshold"));
  line.app->add_flag("--var-values,-l,--show-failure-line", options.with_variables,
                     "Say what variables were where a test failed");
  line.app->add_flag("--fail-on-empty", options.fails_empty, "Exit with 1 when there is no test");
  line.app->add_flag("-z,--exit-zero-on-skipped", options.zero_on_skipped,
                     "Skipped tests are no failure");
}

void add_format(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line =
      word(parent, chosen, "fmt",
           "Put policies into the canonical form; from standard input without a path", format);
  auto& options = *line.options;
  line.app->add_option("paths", options.paths, "Files and folders");
  line.language();
  auto* write = line.app->add_flag("-w,--write", options.writes, "Write the files anew");
  auto* list = line.app->add_flag("-l,--list", options.lists, "Name the files that differ");
  auto* difference = line.app->add_flag("-d,--diff", options.shows_difference, "Show what differs");
  write->excludes(list)->excludes(difference);
  line.app->add_flag("--fail", options.fails, "Exit with 1 when a file differs");
}

void add_bench(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line = word(parent, chosen, "bench", "Measure what one decision costs", bench);
  auto& options = *line.options;
  auto* query = line.app->add_option("query", options.query, "Such as data.a.allow");
  query->excludes(line.app->add_flag("--stdin", options.query_from_stdin,
                                     "Read the query from standard input"));
  line.app->add_option("--package", options.package,
                       "Package that the query is in: names are its rules");
  line.app->add_option("--import", options.imports, "What the query imports: data.a as b")
      ->take_all()
      ->allow_extra_args(false);
  line.data();
  line.input();
  line.schema();
  line.language();
  line.engine();
  line.steps();
  line.format({"pretty", "json", "gobench"}, "pretty");
  line.runs("the measurement");
  line.memory();
  line.app->add_option("--decisions", options.decisions, "How many decisions to measure")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}))
      ->capture_default_str();
  options.metrics = true;
  line.app->add_flag("--metrics", options.metrics, "Also report how long loading took")
      ->capture_default_str();
  line.app->add_flag("--fail", options.fails_undefined, "Refuse to measure what has no answer");
}

// What an operation's question has beside the user, his device and his address.
void add_operation(CLI::App& app, Question& asked, CLI::Option& operation) {
  app.add_option("--org", asked.org, "Id of the user's organisation")->needs(&operation);
  app.add_option("--parameter", asked.parameters,
                 "NAME=ID, such as conversation_id=...: what it is about")
      ->needs(&operation);
  app.add_option("--agent", asked.agent, "Name of the client program")->needs(&operation);
  app.add_flag("--loopback", asked.loopback, "It comes from the machine itself")->needs(&operation);
  app.add_option("--at", asked.at, "When, as 2026-11-28T09:00:00Z; else now")->needs(&operation);
}

void add_explain(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line = word(parent, chosen, "explain",
                         "Say which rules of a decision matched, and what failed first", explain);
  auto& options = *line.options;
  auto& asked = options.question;
  line.app->add_option("query", options.query,
                       "What is decided; else data.unhidra.automation.allow, or with --operation "
                       "data.unhidra.operations.allow");
  line.data();
  line.input();
  line.language();
  line.steps();
  line.format({"pretty", "json"}, "pretty");
  line.app->add_option("--device", asked.device, "Id of a device that asks");
  line.app->add_option("--device-type", asked.device_type, "Its type");
  line.app->add_option("--user", asked.user, "Id of a user who asks");
  line.app->add_option("--role", asked.role, "His role");
  line.app->add_option("--group", asked.groups, "A group that the device is in");
  line.app->add_option_function<std::vector<std::string>>(
      "--label",
      [&asked](const std::vector<std::string>& labels) {
        for (const auto& label : labels) {
          const auto equals = std::min(label.find('='), label.size());
          asked.labels[label.substr(0, equals)] = label.substr(std::min(equals + 1, label.size()));
        }
      },
      "NAME=VALUE: a label of the device");
  line.app->add_option("--ip", asked.ip, "Address that it comes from");
  auto* publish = line.app->add_option("--publish", asked.publish, "Topic to publish to");
  auto* subscribe = line.app->add_option("--subscribe", asked.subscribe, "Filter to subscribe to");
  auto* deliver =
      line.app->add_option("--deliver", asked.deliver, "Topic of a message that it would get");
  auto* connect = line.app->add_flag("--connect", asked.connects, "It connects");
  subscribe->excludes(publish);
  deliver->excludes(publish)->excludes(subscribe);
  connect->excludes(publish)->excludes(subscribe)->excludes(deliver);
  line.app->add_option("--qos", asked.qos, "Quality of service")->check(CLI::Range(0, 2));
  line.app->add_flag("--retain", asked.retain, "The message is retained");
  auto* operation = line.app->add_option("--operation", asked.operation,
                                         "Operation of chat or administration: messages.send");
  operation->excludes(publish)->excludes(subscribe)->excludes(deliver)->excludes(connect);
  add_operation(*line.app, asked, *operation);
}

void add_dry_run(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line = word(parent, chosen, "dry-run",
                         "Say which logged decisions a policy would make differently", dry_run);
  auto& options = *line.options;
  line.data();
  line.language();
  line.format({"pretty", "json"}, "pretty");
  line.app->add_option("--log", options.log, "The decision log")->required();
  line.app->add_flag("--fail", options.fails, "Exit with 1 when a decision changes");
}

void add_capabilities(CLI::App& parent, std::function<Result<int>()>& chosen) {
  const Line line = word(parent, chosen, "capabilities",
                         "Say which functions and features policies may use", capabilities);
  auto& options = *line.options;
  auto* current = line.app->add_flag("--current", options.current, "Those of this program");
  auto* version = line.app->add_option("--version", options.version, "Those of a version of opa")
                      ->excludes(current);
  line.app->add_option("--file", options.file, "Those in a file, read as --capabilities reads it")
      ->excludes(current)
      ->excludes(version);
}

}  // namespace

void add(CLI::App& app, std::function<Result<int>()>& chosen) {
  auto* policy =
      app.add_subcommand("policy", "Evaluate, check and test policies (Rego), as with opa");
  policy->require_subcommand(1);
  add_eval(*policy, chosen);
  add_check(*policy, chosen);
  add_test(*policy, chosen);
  add_format(*policy, chosen);
  add_bench(*policy, chosen);
  add_explain(*policy, chosen);
  add_dry_run(*policy, chosen);
  add_capabilities(*policy, chosen);
}

}  // namespace unhidra::server::policy_line
