#include <algorithm>

#include "unhidra/access/rest_face.h"
#include "unhidra/access/role.h"

namespace unhidra::access {
namespace {

constexpr std::size_t kMaxPath = 1024;

// "/v1/users/{user_id}" to its pieces. The empty piece before the first slash is dropped.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}
std::string_view parameter_name(std::string_view segment) {
  return segment.substr(1, segment.size() - 2);
}

// The path's segments, decoded one by one, so that an encoded slash does not make two of them.
std::optional<std::vector<std::string>> decode_segments(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kMaxPath) {
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const auto segment : split(path)) {
    auto decoded = net::percent_decode(segment);
    if (!decoded) {
      return std::nullopt;
    }
    out.push_back(std::move(*decoded));
  }
  return out;
}

bool good_parameter(std::string_view name, std::string_view value) {
  if (is_id_parameter(name)) {
    const auto uuid = parse_uuid(value);
    return uuid && *uuid != Uuid{};
  }
  return name != "role" || parse_role(value).has_value();
}

bool same_method(const Operation& operation, std::string_view method) {
  return operation.method == method || (operation.method == "GET" && method == "HEAD");
}

}  // namespace

Router::Router(std::span<const Serving> roles) {
  for (const auto& operation : operations()) {
    const bool served = operation.serving == Serving::every ||
                        std::ranges::find(roles, operation.serving) != roles.end();
    if (served && operation.face != Face::frame) {
      patterns_.push_back({&operation, split(operation.path)});
    }
  }
}

bool Router::matches(const Pattern& pattern, std::span<const std::string> segments) {
  return std::ranges::equal(pattern.segments, segments, [](auto expected, const auto& segment) {
    return is_parameter(expected) ? !segment.empty() : expected == segment;
  });
}

Result<Route> Router::match(std::string_view method, std::string_view path) const {
  const auto segments = decode_segments(path);
  bool path_exists = false;
  for (const auto& pattern : patterns_) {
    if (!segments || !matches(pattern, *segments)) {
      continue;
    }
    path_exists = true;
    if (!same_method(*pattern.operation, method)) {
      continue;
    }
    Route out;
    out.operation = pattern.operation;
    for (std::size_t i = 0; i < segments->size(); ++i) {
      if (!is_parameter(pattern.segments[i])) {
        continue;
      }
      const auto name = parameter_name(pattern.segments[i]);
      if (!good_parameter(name, (*segments)[i])) {
        out.defect = Error(Errc::not_found, "not found");
      }
      out.parameters.emplace_back(name, (*segments)[i]);
    }
    return out;
  }
  if (path_exists) {
    return fail(Errc::method_not_allowed, "this path does not know that method");
  }
  return fail(Errc::unknown_operation, "there is nothing at this path");
}

std::string Router::allowed(std::string_view path) const {
  std::string out;
  const auto segments = decode_segments(path);
  for (const auto& pattern : patterns_) {
    if (segments && matches(pattern, *segments)) {
      out.append(out.empty() ? "" : ", ").append(pattern.operation->method);
      if (pattern.operation->method == "GET") {
        out.append(", HEAD");
      }
    }
  }
  return out;
}

std::vector<const Operation*> Router::routes() const {
  std::vector<const Operation*> out;
  for (const auto& pattern : patterns_) {
    out.push_back(pattern.operation);
  }
  return out;
}

}  // namespace unhidra::access
