// mls_vectors [--provider native|openssl|sodium] <folder or file>...
//
// Runs the test vectors of mlswg/mls-implementations. Prints a line per failing vector and one per
// file and reason for those that are skipped, closes with "N passed, N failed, N skipped". Exit
// status: 0 nothing failed; 1 a vector failed or a file is malformed; 2 wrong usage; 77 no data.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "case.h"

namespace unhidra::mls_vectors {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoData = 77;  // CTest's SKIP_RETURN_CODE

// Vectors do not depend on what is drawn; the same draws each time make failures repeat.
class CountingRandom : public RandomSource {
 public:
  explicit CountingRandom(const crypto::Provider& provider) : provider_(provider) {}
  void fill(MutableByteView out) override {
    for (std::size_t done = 0; done < out.size();) {
      ++count_;
      TlsWriter input;
      input.u64(count_);
      const auto block = provider_.sha256(input.view());
      const std::size_t take = std::min(block.size(), out.size() - done);
      std::copy_n(block.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
      done += take;
    }
  }

 private:
  const crypto::Provider& provider_;
  std::uint64_t count_ = 0;
};

class Runner {
 public:
  explicit Runner(const crypto::Provider& provider) : provider_(provider), random_(provider) {}

  void run_file(const fs::path& path) {
    const std::string name = path.filename().string();
    try {
      std::ifstream file(path, std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      const json::value document = json::parse(content);
      const json::array* vectors = document.if_array();
      if (!file || vectors == nullptr) {
        throw Malformed("no list of vectors");
      }
      std::map<std::string, std::size_t> skips;
      for (std::size_t i = 0; i < vectors->size(); ++i) {
        run_vector(name, i, (*vectors)[i], skips);
      }
      for (const auto& [reason, count] : skips) {
        std::printf("SKIP %s (%zu vectors): %s\n", name.c_str(), count, reason.c_str());
        skipped_ += count;
      }
    } catch (const std::exception& error) {
      ++malformed_;
      std::printf("ERROR %s: malformed: %s\n", name.c_str(), error.what());
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
  void run_vector(const std::string& name, std::size_t index, const json::value& value,
                  std::map<std::string, std::size_t>& skips) {
    const json::object* vector = value.if_object();
    const Handler handler = vector != nullptr ? find_handler(*vector) : nullptr;
    if (handler == nullptr) {
      throw Malformed("vector " + std::to_string(index) + " is of no known family");
    }
    if (vector->contains("cipher_suite")) {
      const auto suite =
          Suite::of(provider_, static_cast<CipherSuite>(number_member(*vector, "cipher_suite")));
      if (!suite) {
        ++skips[suite.error().message()];
        return;
      }
    }
    try {
      handler({provider_, random_}, *vector);
      ++passed_;
    } catch (const Failed& error) {
      ++failed_;
      std::printf("FAIL %s vector %zu: %s\n", name.c_str(), index, error.what());
    }
  }

  const crypto::Provider& provider_;
  CountingRandom random_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  std::size_t skipped_ = 0;
  std::size_t malformed_ = 0;
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
  std::fprintf(stderr,
               "usage: mls_vectors [--provider native|openssl|sodium] <folder or file>...\n");
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
}  // namespace unhidra::mls_vectors

int main(int argc, char** argv) {
  return unhidra::mls_vectors::run(std::vector<std::string>(argv + 1, argv + argc));
}
