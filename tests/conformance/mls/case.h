#pragma once
// One vector of one family, and what its handler says about it. Format: test-vectors.md of
// mlswg/mls-implementations.

#include <optional>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>

#include "unhidra/mls/group.h"

namespace unhidra::mls_vectors {

namespace json = boost::json;
using namespace mls;  // NOLINT: the runner speaks the room's vocabulary

// The file breaks the format.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// The product computed something else, or refused what is right.
class Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

const json::value& member(const json::object& object, std::string_view name);
const json::object& object_member(const json::object& object, std::string_view name);
const json::array& array_member(const json::object& object, std::string_view name);
std::string text_member(const json::object& object, std::string_view name);
Bytes hex_member(const json::object& object, std::string_view name);
Bytes hex_value(const json::value& value);
std::uint64_t number_member(const json::object& object, std::string_view name);
std::uint64_t number_value(const json::value& value);

// Failed unless they are the same.
void expect(bool good, std::string_view what);
void expect_equal(ByteView made, ByteView expected, std::string_view what);
template <class T>
T expect_value(Result<T> result, std::string_view what) {
  if (!result) {
    throw Failed(std::string(what) + ": " + result.error().message());
  }
  return std::move(*result);
}
void expect_ok(const Status& status, std::string_view what);

struct Context {
  const crypto::Provider& provider;
  RandomSource& random;
};

using Handler = void (*)(const Context& context, const json::object& vector);
// By the members that a vector has; null when no family has these.
Handler find_handler(const json::object& vector);

void run_tree_math(const Context& context, const json::object& vector);
void run_crypto_basics(const Context& context, const json::object& vector);
void run_secret_tree(const Context& context, const json::object& vector);
void run_message_protection(const Context& context, const json::object& vector);
void run_key_schedule(const Context& context, const json::object& vector);
void run_psk_secret(const Context& context, const json::object& vector);
void run_transcript_hashes(const Context& context, const json::object& vector);
void run_welcome(const Context& context, const json::object& vector);
void run_tree_operations(const Context& context, const json::object& vector);
void run_tree_validation(const Context& context, const json::object& vector);
void run_treekem(const Context& context, const json::object& vector);
void run_messages(const Context& context, const json::object& vector);
void run_passive_client(const Context& context, const json::object& vector);
void run_deserialization(const Context& context, const json::object& vector);

}  // namespace unhidra::mls_vectors
