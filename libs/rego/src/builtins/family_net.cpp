// IP addresses and networks, and what the host does on the network.
#include <algorithm>
#include <array>

#include "builtins/families.h"
#include "builtins/ip_network.h"

namespace unhidra::rego::builtins {
namespace {

Result<IpNetwork> network(const Value& value) {
  if (!value.is(Kind::string)) {
    return wrong_kind(1, value, {"string"});
  }
  return IpNetwork::parse(value.text());
}

Result<bool> network_contains(const Value& outer, const Value& inner) {
  UNHIDRA_TRY(const IpNetwork a, network(outer));
  if (!inner.is(Kind::string)) {
    return wrong_kind(1, inner, {"string"});
  }
  if (const auto ip = parse_ip(inner.text())) {
    return a.contains(*ip);
  }
  const auto b = IpNetwork::parse(inner.text());
  if (!b) {
    return failed("not a valid textual representation of an IP address or CIDR: " + inner.text());
  }
  return a.contains(b->address) && a.contains(b->last());
}

Answer cidr_contains(const Call& call) {
  UNHIDRA_TRY(const bool contains, network_contains(call[0], call[1]));
  return Value::boolean(contains);
}

Answer cidr_intersects(const Call& call) {
  UNHIDRA_TRY(const IpNetwork a, network(call[0]));
  UNHIDRA_TRY(const IpNetwork b, network(call[1]));
  return Value::boolean(a.contains(b.address) || b.contains(a.address));
}

Answer cidr_is_valid(const Call& call) {
  return Value::boolean(call[0].is(Kind::string) && IpNetwork::parse(call[0].text()).has_value());
}

// The networks or addresses of an operand, each with the key that stands for it in the result.
Result<std::vector<Value::Member>> keyed(const Value& operand, std::size_t position) {
  std::vector<Value::Member> out;
  const auto add = [&](Value key, const Value& value) -> Status {
    if (value.is(Kind::string)) {
      out.emplace_back(std::move(key), value);
    } else if (value.is(Kind::array) && value.size() > 0) {
      out.emplace_back(std::move(key), value.elements()[0]);
    } else {
      return failed("operand " + std::to_string(position) +
                    ": element must be string or non-empty array");
    }
    return {};
  };
  switch (operand.kind()) {
    case Kind::string:
      out.emplace_back(operand, operand);
      break;
    case Kind::array: {
      std::int64_t index = 0;
      for (const Value& element : operand.elements()) {
        UNHIDRA_TRY_VOID(add(Value::integer(index++), element));
      }
      break;
    }
    case Kind::set:
      for (const Value& element : operand.elements()) {
        UNHIDRA_TRY_VOID(add(element, element));
      }
      break;
    case Kind::object:
      for (const auto& [key, value] : operand.members()) {
        UNHIDRA_TRY_VOID(add(key, value));
      }
      break;
    default:
      break;
  }
  return out;
}

Answer cidr_contains_matches(const Call& call) {
  UNHIDRA_TRY(const auto networks, keyed(call[0], 1));
  UNHIDRA_TRY(const auto others, keyed(call[1], 2));
  std::vector<Value> out;
  for (const auto& [key, outer] : networks) {
    UNHIDRA_TRY_VOID(call.environment().charge(64 * (others.size() + 1)));
    for (const auto& [other_key, inner] : others) {
      UNHIDRA_TRY(const bool contains, network_contains(outer, inner));
      if (contains) {
        out.push_back(Value::array({key, other_key}));
      }
    }
  }
  return Value::set(std::move(out));
}

Answer cidr_expand(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const IpNetwork network, IpNetwork::parse(text));
  std::vector<Value> out;
  IpAddress ip = network.address;
  do {
    UNHIDRA_TRY_VOID(call.environment().charge(128));
    out.push_back(Value::string(ip.to_string()));
  } while (increment(ip) && network.contains(ip));
  return Value::set(std::move(out));
}

Answer cidr_merge(const Call& call) {
  if (!call[0].is(Kind::array) && !call[0].is(Kind::set)) {
    return failed("operand must be an array");
  }
  std::vector<IpNetwork> networks;
  for (const Value& element : call[0].elements()) {
    if (!element.is(Kind::string)) {
      return failed("element must be string");
    }
    if (const auto ip = parse_ip(element.text())) {
      if (!ip->v4) {
        return failed("IPv6 invalid: needs prefix length");
      }
      networks.push_back({*ip, classful_prefix(*ip)});
    } else {
      UNHIDRA_TRY(const IpNetwork parsed, IpNetwork::parse(element.text()));
      networks.push_back(parsed);
    }
  }
  UNHIDRA_TRY_VOID(call.environment().charge(256 * (networks.size() + 1)));
  std::vector<Value> out;
  for (const IpNetwork& merged : merge_networks(std::move(networks))) {
    out.push_back(Value::string(merged.to_string()));
  }
  return Value::set(std::move(out));
}

// Without a host's own: every capability refuses.
Host& host_of(const Call& call) {
  static Host nothing;
  Host* host = call.environment().host;
  return host != nullptr ? *host : nothing;
}

constexpr std::array<std::string_view, 2> kNeededOfRequest = {"method", "url"};
constexpr std::array<std::string_view, 28> kKnownOfRequest = {"method",
                                                              "url",
                                                              "body",
                                                              "enable_redirect",
                                                              "force_json_decode",
                                                              "force_yaml_decode",
                                                              "headers",
                                                              "raw_body",
                                                              "tls_use_system_certs",
                                                              "tls_ca_cert",
                                                              "tls_ca_cert_file",
                                                              "tls_ca_cert_env_variable",
                                                              "tls_client_cert",
                                                              "tls_client_cert_file",
                                                              "tls_client_cert_env_variable",
                                                              "tls_client_key",
                                                              "tls_client_key_file",
                                                              "tls_client_key_env_variable",
                                                              "tls_insecure_skip_verify",
                                                              "tls_server_name",
                                                              "timeout",
                                                              "cache",
                                                              "force_cache",
                                                              "force_cache_duration_seconds",
                                                              "raise_error",
                                                              "caching_mode",
                                                              "max_retry_attempts",
                                                              "cache_ignored_headers"};

// Whether it can be sent or not.
Status check_request(const Value& request) {
  std::vector<Value> unknown;
  for (const auto& [key, value] : request.members()) {
    const bool is_known = key.is(Kind::string) &&
                          std::ranges::find(kKnownOfRequest, key.text()) != kKnownOfRequest.end();
    if (!is_known) {
      unknown.push_back(key);
    }
  }
  if (!unknown.empty()) {
    return operand_error(1, "invalid request parameters(s): " + to_term(Value::set(unknown)));
  }
  std::vector<Value> missing;
  for (const std::string_view name : kNeededOfRequest) {
    if (request.find(name) == nullptr) {
      missing.push_back(Value::string(std::string(name)));
    }
  }
  if (!missing.empty()) {
    return operand_error(1,
                         "missing required request parameters(s): " + to_term(Value::set(missing)));
  }
  return {};
}

Answer http_send(const Call& call) {
  UNHIDRA_TRY(const Value request, call.of_kind(0, Kind::object));
  UNHIDRA_TRY_VOID(check_request(request));
  UNHIDRA_TRY(Value response, host_of(call).http_send(request));
  return response;
}

Answer lookup_ip_addr(const Call& call) {
  UNHIDRA_TRY(const std::string_view name, call.string(0));
  UNHIDRA_TRY(Value addresses, host_of(call).lookup_ip_addr(name));
  return addresses;
}

Answer opa_runtime(const Call& call) {
  UNHIDRA_TRY(Value description, host_of(call).runtime());
  return description;
}

Answer sign_request(const Call& call) {
  UNHIDRA_TRY(const Value request, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value configuration, call.of_kind(1, Kind::object));
  UNHIDRA_TRY(const std::int64_t now, call.integer(2));
  UNHIDRA_TRY(Value signed_request, host_of(call).sign_request(request, configuration, now));
  return signed_request;
}

constexpr Builtin kTable[] = {
    {"http.send", 1, http_send, true},
    {"net.cidr_contains", 2, cidr_contains},
    {"net.cidr_contains_matches", 2, cidr_contains_matches},
    {"net.cidr_expand", 1, cidr_expand},
    {"net.cidr_intersects", 2, cidr_intersects},
    {"net.cidr_is_valid", 1, cidr_is_valid},
    {"net.cidr_merge", 1, cidr_merge},
    {"net.cidr_overlap", 2, cidr_contains},
    {"net.lookup_ip_addr", 1, lookup_ip_addr, true},
    {"opa.runtime", 0, opa_runtime, true},
    {"providers.aws.sign_req", 3, sign_request, true},
};

}  // namespace

std::span<const Builtin> net_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
