#include "unhidra/access/json.h"

#include <boost/json/kind.hpp>

#include "unhidra/base/text.h"

namespace unhidra::access::json_detail {
namespace {

constexpr std::size_t kMaxNameInMessage = 64;

std::string to_text(const Path& path) {
  if (path.parent == nullptr) {
    return {};
  }
  auto out = to_text(*path.parent);
  if (path.member.data() == nullptr) {
    return out + "[" + std::to_string(path.index) + "]";
  }
  if (!out.empty()) {
    out.append(".");
  }
  return out.append(printable(path.member.substr(0, kMaxNameInMessage)));
}

std::string located(const Path& path, std::string_view problem) {
  auto out = to_text(path);
  if (out.empty()) {
    return std::string(problem);
  }
  return out.append(": ").append(problem);
}

std::string_view kind_name(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "a boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return "a number";
    case boost::json::kind::string:
      return "a string";
    case boost::json::kind::array:
      return "an array";
    case boost::json::kind::object:
      break;
  }
  return "an object";
}

}  // namespace

std::unexpected<Error> wrong(const Path& path, std::string_view problem) {
  return fail(Errc::bad_field, located(path, problem));
}

std::unexpected<Error> wrong(const Path& path, std::string_view expected,
                             const boost::json::value& got) {
  std::string problem("expected ");
  problem.append(expected).append(", got ").append(kind_name(got));
  return wrong(path, problem);
}

Status check_members(const boost::json::object& object, std::span<const std::string_view> known,
                     const Path& path) {
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(known, name) != known.end()) {
      continue;
    }
    std::string problem("unknown member");
    if (const auto near = nearest(name, known); !near.empty()) {
      problem.append("; did you mean ").append(near).append("?");
    }
    return wrong(Path{&path, name}, problem);
  }
  return {};
}

Result<std::int64_t> read_integer(const boost::json::value& value, std::int64_t low,
                                  std::int64_t high, const Path& path) {
  if (!value.is_int64() && !value.is_uint64()) {
    return wrong(path, "an integer", value);
  }
  // Everything above the 64-bit signed range is above `high` too.
  const bool beyond = value.is_uint64() && std::cmp_greater(value.get_uint64(), high);
  const auto number = beyond ? 0 : value.to_number<std::int64_t>();
  if (beyond || number < low || number > high) {
    return wrong(path,
                 "expected a number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

Result<double> read_double(const boost::json::value& value, const Path& path) {
  if (!value.is_number()) {
    return wrong(path, "a number", value);
  }
  return value.to_number<double>();
}

Result<std::string_view> read_text(const boost::json::value& value, const Path& path) {
  if (!value.is_string()) {
    return wrong(path, "a string", value);
  }
  const auto& text = value.get_string();
  return std::string_view(text.data(), text.size());
}

Result<Uuid> read_uuid(const boost::json::value& value, const Path& path) {
  UNHIDRA_TRY(const auto text, read_text(value, path));
  auto uuid = parse_uuid(text);
  if (!uuid || *uuid == Uuid{}) {
    return wrong(path, "expected an id (a UUID)");
  }
  return *uuid;
}

Result<Timestamp> read_timestamp(const boost::json::value& value, const Path& path) {
  UNHIDRA_TRY(const auto text, read_text(value, path));
  auto time = parse_rfc3339(text);
  if (!time) {
    return wrong(path, "expected a time such as 2026-01-31T12:00:00Z");
  }
  return *time;
}

Result<Bytes> read_bytes(const boost::json::value& value, const Path& path) {
  UNHIDRA_TRY(const auto text, read_text(value, path));
  auto bytes = from_base64url(text);
  if (!bytes) {
    return wrong(path, "expected base64url without padding");
  }
  return bytes;
}

boost::json::value write_integer(std::uint64_t magnitude, bool negative) {
  if (negative) {
    return static_cast<std::int64_t>(~magnitude + 1);
  }
  return magnitude;
}

}  // namespace unhidra::access::json_detail
