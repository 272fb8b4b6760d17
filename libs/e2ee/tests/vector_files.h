#pragma once
// What the tests of published vectors share: the files, reproducible randomness, and a JSON writer
// that puts one member a line.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"

#include "world.h"

namespace unhidra::e2ee {

inline const std::string kDirectory = UNHIDRA_VECTORS;

inline std::string read_file(const std::string& name) {
  std::ifstream file(kDirectory + "/" + name, std::ios::binary);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

// True when the file was written instead of compared.
inline bool writes_instead(const std::string& name, const std::string& content) {
  if (std::getenv("UNHIDRA_WRITE_VECTORS") == nullptr) {
    return false;
  }
  std::ofstream(kDirectory + "/" + name, std::ios::binary) << content;
  return true;
}

// SHA-256 of a counter: what an implementer can reproduce, though every private key that it leads
// to stands in the file.
class CountingRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override {
    ByteWriter input;
    input.text("unhidra vectors").u64(counter_++);
    const auto block = provider().sha256(input.view());
    ASSERT_LE(out.size(), block.size());
    std::copy_n(block.begin(), out.size(), out.begin());
    last = to_hex(out);
  }
  std::string last;

 private:
  std::uint64_t counter_ = 0;
};

class Json {
 public:
  Json& field(const std::string& name, const std::string& value) {
    out_ += indent_ + "\"" + name + "\": \"" + value + "\",\n";
    return *this;
  }
  Json& number(const std::string& name, std::uint64_t value) {
    out_ += indent_ + "\"" + name + "\": " + std::to_string(value) + ",\n";
    return *this;
  }
  Json& open(const std::string& name, char bracket) {
    out_ += indent_ + (name.empty() ? "" : "\"" + name + "\": ") + bracket + "\n";
    indent_ += "  ";
    return *this;
  }
  Json& close(char bracket) {
    if (out_.ends_with(",\n")) {
      out_.resize(out_.size() - 2);
      out_ += "\n";
    }
    indent_.resize(indent_.size() - 2);
    out_ += indent_ + bracket + ",\n";
    return *this;
  }
  std::string finish() {
    out_.resize(out_.size() - 2);
    return out_ + "\n";
  }

 private:
  std::string out_;
  std::string indent_;
};

}  // namespace unhidra::e2ee
