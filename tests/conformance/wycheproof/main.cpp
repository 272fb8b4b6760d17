// wycheproof_vectors [--provider openssl|sodium|native] <folder or file>...
//
// Runs test vectors of Project Wycheproof's format (testvectors_v1). Prints a line per failing case
// and per skipped run of cases with its reason, closes with "N passed, N failed, N skipped". Exit
// status: 0 nothing failed; 1 a case failed or a file is malformed; 2 wrong usage; 77 no such data.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "case.h"

namespace unhidra::wycheproof {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoData = 77;  // CTest's SKIP_RETURN_CODE

class Runner {
 public:
  explicit Runner(const crypto::Provider& provider) : provider_(provider) {}

  void run_file(const fs::path& path) {
    name_ = path.filename().string();
    try {
      std::ifstream file(path, std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      if (!file) {
        throw Malformed("cannot be read");
      }
      const json::value document = json::parse(content);
      const json::object* root = document.if_object();
      if (root == nullptr) {
        throw Malformed("is no object");
      }
      run_groups(*root);
    } catch (const std::exception& error) {
      flush_skips();
      ++malformed_;
      std::printf("ERROR %s: malformed: %s\n", name_.c_str(), error.what());
    }
  }

  int report() const {
    if (malformed_ != 0) {
      std::printf("%zu malformed files\n", malformed_);
    }
    std::printf("%zu passed, %zu failed, %zu skipped\n", passed_, failed_, skipped_);
    return failed_ == 0 && malformed_ == 0 ? 0 : kFailed;
  }

 private:
  void run_groups(const json::object& root) {
    std::string algorithm;
    if (const auto* name = root.if_contains("algorithm")) {
      algorithm = name->is_string() ? std::string(name->get_string()) : std::string();
    }
    const json::array* groups = member(root, "testGroups").if_array();
    if (groups == nullptr) {
      throw Malformed("'testGroups' is no list");
    }
    std::size_t cases = 0;
    for (const json::value& value : *groups) {
      const json::object* group = value.if_object();
      if (group == nullptr) {
        throw Malformed("a test group is no object");
      }
      cases += run_group({provider_, algorithm, *group});
    }
    flush_skips();
    if (root.contains("numberOfTests") && number_member(root, "numberOfTests") != cases) {
      throw Malformed("'numberOfTests' differs from the number of cases");
    }
  }

  std::size_t run_group(const Context& context) {
    const std::string type = text_member(context.group, "type");
    const Handler handler = find_handler(type);
    const json::array* tests = member(context.group, "tests").if_array();
    if (tests == nullptr) {
      throw Malformed("'tests' is no list");
    }
    for (const json::value& value : *tests) {
      const json::object* test = value.if_object();
      if (test == nullptr) {
        throw Malformed("a case is no object");
      }
      const std::size_t id = number_member(*test, "tcId");
      try {
        const Outcome outcome =
            handler != nullptr
                ? handler(context, *test)
                : skipped("the product does not do " + type +
                          (context.algorithm.empty() ? "" : " of " + context.algorithm));
        judge(id, *test, outcome);
      } catch (const Malformed& error) {
        throw Malformed("tcId " + std::to_string(id) + ": " + error.what());
      }
    }
    return tests->size();
  }

  void judge(std::size_t id, const json::object& test, const Outcome& outcome) {
    const std::string expected = text_member(test, "result");
    if (expected != "valid" && expected != "invalid" && expected != "acceptable") {
      throw Malformed("unknown result '" + expected + "'");
    }
    if (outcome.verdict == Verdict::skipped) {
      skip(id, outcome.detail);
      return;
    }
    flush_skips();
    if (is_right(test, expected, outcome.verdict)) {
      ++passed_;
      return;
    }
    ++failed_;
    const auto* comment = test.if_contains("comment");
    std::printf("FAIL %s tcId %zu (%s, %s): %s\n", name_.c_str(), id, expected.c_str(),
                comment != nullptr && comment->is_string() ? comment->get_string().c_str() : "",
                outcome.detail.empty() ? "accepted" : outcome.detail.c_str());
  }

  static bool has_flag(const json::object& test, std::string_view flag) {
    const auto* flags = test.if_contains("flags");
    return flags != nullptr && flags->is_array() &&
           std::any_of(flags->get_array().begin(), flags->get_array().end(),
                       [&](const auto& f) { return f.is_string() && f.get_string() == flag; });
  }

  static bool is_right(const json::object& test, std::string_view expected, Verdict verdict) {
    // Contributory behaviour: a secret that anyone knows is never accepted (RFC 7748 section 6.1).
    if (expected == "invalid" || has_flag(test, "ZeroSharedSecret")) {
      return verdict == Verdict::refused;
    }
    return verdict == Verdict::accepted ||
           (expected == "acceptable" && verdict == Verdict::refused);
  }

  // Neighbouring cases that are skipped for one reason share a line.
  void skip(std::size_t id, const std::string& reason) {
    if (reason != skip_reason_) {
      flush_skips();
      skip_reason_ = reason;
      skip_first_ = id;
    }
    skip_last_ = id;
    ++skip_count_;
    ++skipped_;
  }
  void flush_skips() {
    if (skip_count_ != 0) {
      std::printf("SKIP %s tcId %zu-%zu (%zu cases): %s\n", name_.c_str(), skip_first_, skip_last_,
                  skip_count_, skip_reason_.c_str());
    }
    skip_count_ = 0;
    skip_reason_.clear();
  }

  const crypto::Provider& provider_;
  std::string name_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  std::size_t skipped_ = 0;
  std::size_t malformed_ = 0;
  std::string skip_reason_;
  std::size_t skip_first_ = 0;
  std::size_t skip_last_ = 0;
  std::size_t skip_count_ = 0;
};

const crypto::Provider* provider_of(std::string_view name) {
  for (const auto* provider :
       {&crypto::openssl_provider(), &crypto::sodium_provider(), &crypto::native_provider()}) {
    if (provider->name() == name) {
      return provider;
    }
  }
  return nullptr;
}

int usage() {
  std::fprintf(
      stderr, "usage: wycheproof_vectors [--provider openssl|sodium|native] <folder or file>...\n");
  return kUsage;
}

std::vector<fs::path> files_of(const fs::path& place) {
  std::vector<fs::path> out;
  if (fs::is_directory(place)) {
    for (const auto& entry : fs::recursive_directory_iterator(place)) {
      if (entry.is_regular_file() && entry.path().extension() == ".json") {
        out.push_back(entry.path());
      }
    }
  } else if (fs::exists(place)) {
    out.push_back(place);
  }
  std::sort(out.begin(), out.end());
  return out;
}

int run(const std::vector<std::string>& arguments) {
  const crypto::Provider* provider = &crypto::native_provider();
  std::vector<fs::path> files;
  bool any_place = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--provider") {
      provider = i + 1 < arguments.size() ? provider_of(arguments[++i]) : nullptr;
      if (provider == nullptr) {
        return usage();
      }
    } else if (arguments[i].starts_with("-")) {
      return usage();
    } else {
      any_place = true;
      const auto found = files_of(arguments[i]);
      if (found.empty()) {
        std::fprintf(stderr, "no test vectors at %s\n", arguments[i].c_str());
        return kNoData;
      }
      files.insert(files.end(), found.begin(), found.end());
    }
  }
  if (!any_place) {
    return usage();
  }
  Runner runner(*provider);
  for (const auto& file : files) {
    runner.run_file(file);
  }
  return runner.report();
}

}  // namespace
}  // namespace unhidra::wycheproof

int main(int argc, char** argv) {
  return unhidra::wycheproof::run(std::vector<std::string>(argv + 1, argv + argc));
}
