#include "accounts.h"

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <boost/json.hpp>

#include "unhidra/base/text.h"
#include "unhidra/net/http_client.h"

namespace unhidra::bench {
namespace {

namespace json = boost::json;

constexpr std::size_t kAtATime = 4;

net::HttpClientSettings http_settings(const Target& target) {
  net::HttpClientSettings settings;
  settings.tls.ca_file = target.ca_file;
  settings.user_agent = "unhidra-bench";
  return settings;
}

net::HttpRequestSpec post(std::string url, const json::object& body, const std::string& token) {
  net::HttpRequestSpec request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.add("Content-Type", "application/json");
  if (!token.empty()) {
    request.headers.add("Authorization", "Bearer " + token);
  }
  request.body = to_bytes(json::serialize(body));
  return request;
}

Result<json::object> object_of(const net::HttpResponse& response) {
  boost::system::error_code error;
  auto value = json::parse(std::string_view(as_text(response.body)), error);
  if (response.status >= 300) {
    return fail(Errc::unavailable, "the server answered " + std::to_string(response.status) + " " +
                                       printable(as_text(response.body)));
  }
  if (error || !value.is_object()) {
    return fail(Errc::invalid, "the server's answer is no JSON object");
  }
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

Timestamp expiry_of(const json::object& object, Timestamp now) {
  const auto* found = object.if_contains("expires_in");
  return now + std::chrono::seconds(found != nullptr && found->is_int64() ? found->get_int64() : 0);
}

// What every answer with tokens may bring.
void take_tokens(Account& account, const json::object& answer, Timestamp now) {
  account.access_token = text_of(answer, "access_token");
  account.access_expires_at = expiry_of(answer, now);
  if (auto refresh = text_of(answer, "refresh_token"); !refresh.empty()) {
    account.refresh_token = std::move(refresh);
  }
  if (auto gateway = text_of(answer, "gateway_url"); !gateway.empty()) {
    account.gateway = std::move(gateway);
  }
}

json::object to_json(const Account& account) {
  return {{"username", account.username},
          {"user_id", account.user.to_string()},
          {"device_id", account.device.to_string()},
          {"refresh_token", account.refresh_token},
          {"gateway", account.gateway}};
}

Result<Account> from_json(const json::object& object) {
  Account out;
  out.username = text_of(object, "username");
  UNHIDRA_TRY(out.user, UserId::parse(text_of(object, "user_id")));
  UNHIDRA_TRY(out.device, DeviceId::parse(text_of(object, "device_id")));
  out.refresh_token = text_of(object, "refresh_token");
  out.gateway = text_of(object, "gateway");
  return out;
}

// One account a line; a missing file holds none.
Result<std::vector<Account>> load(const std::string& file) {
  std::vector<Account> out;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    boost::system::error_code error;
    const auto value = json::parse(line, error);
    if (error || !value.is_object()) {
      return fail(Errc::invalid, file + " is no file of accounts");
    }
    UNHIDRA_TRY(auto account, from_json(value.get_object()));
    out.push_back(std::move(account));
  }
  return out;
}

Status save(const std::string& file, const std::vector<Account>& accounts) {
  {
    std::ofstream create(file, std::ios::trunc);
  }
  std::error_code error;
  std::filesystem::permissions(file, std::filesystem::perms(0600), error);
  std::ofstream out(file, std::ios::trunc);
  for (const auto& account : accounts) {
    out << json::serialize(to_json(account)) << '\n';
  }
  out.flush();
  return out && !error ? Status() : fail(Errc::unavailable, "cannot write " + file);
}

// Calls `one` for 0 to count - 1 from several threads and keeps the order; the first error ends it.
template <class F>
Result<std::vector<Account>> several(std::size_t count, const char* what, F one) {
  std::vector<Account> out(count);
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  std::mutex mutex;
  std::optional<Error> failure;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      auto account = one(i);
      if (!account) {
        const std::lock_guard lock(mutex);
        failure = std::move(account).error();
        next = count;
        return;
      }
      out[i] = std::move(*account);
      std::fprintf(stderr, "\r%s %zu of %zu accounts", what, ++done, count);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(count, kAtATime); ++i) {
      threads.emplace_back(work);
    }
  }
  std::fputc('\n', stderr);
  if (failure) {
    return fail(std::move(*failure));
  }
  return out;
}

}  // namespace

AccountService::AccountService(Target target, const Clock& clock, RandomSource& random)
    : target_(std::move(target)),
      clock_(clock),
      random_(random),
      prefix_(target_.user_prefix + "-" + to_hex(random.array<4>())),
      http_(std::make_unique<net::HttpClient>(http_settings(target_))) {}

AccountService::~AccountService() = default;

Result<Account> AccountService::create_one(std::size_t number) {
  Account out;
  out.username = prefix_ + "-" + std::to_string(number);
  const json::object credentials{{"username", out.username},
                                 {"password", to_hex(random_.array<16>())}};
  UNHIDRA_TRY(const auto signed_up,
              http_->fetch_sync(post(target_.server + "/v1/register", credentials, {})));
  UNHIDRA_TRY(const auto tokens, object_of(signed_up));
  UNHIDRA_TRY(out.user, UserId::parse(text_of(tokens, "user_id")));
  take_tokens(out, tokens, clock_.now());
  const json::object device{{"name", "bench"}, {"platform", "linux"}};
  UNHIDRA_TRY(const auto registered,
              http_->fetch_sync(post(target_.server + "/v1/devices", device, out.access_token)));
  UNHIDRA_TRY(const auto named, object_of(registered));
  UNHIDRA_TRY(out.device, DeviceId::parse(text_of(named, "device_id")));
  take_tokens(out, named, clock_.now());
  return out;
}

Result<std::vector<Account>> AccountService::create(std::size_t count) {
  return several(count, "signed up", [&](std::size_t i) { return create_one(i); });
}

Result<std::vector<Account>> AccountService::take_or_create(std::size_t count,
                                                            const std::string& file) {
  if (file.empty()) {
    return create(count);
  }
  UNHIDRA_TRY(const auto known, load(file));
  UNHIDRA_TRY(auto accounts, several(count, "prepared", [&](std::size_t i) {
                return i < known.size() ? refreshed_now(known[i]) : create_one(i);
              }));
  auto all = accounts;
  if (known.size() > count) {
    all.insert(all.end(), known.begin() + static_cast<std::ptrdiff_t>(count), known.end());
  }
  UNHIDRA_TRY_VOID(save(file, all));
  return accounts;
}

Result<Account> AccountService::refreshed_now(Account account) {
  const json::object body{{"refresh_token", account.refresh_token}};
  UNHIDRA_TRY(const auto response,
              http_->fetch_sync(post(target_.server + "/v1/token/refresh", body, {})));
  UNHIDRA_TRY(const auto tokens, object_of(response));
  take_tokens(account, tokens, clock_.now());
  return account;
}

Task<Result<Account>> AccountService::refreshed(Account account) {
  const json::object body{{"refresh_token", account.refresh_token}};
  auto request = post(target_.server + "/v1/token/refresh", body, {});
  UNHIDRA_CO_TRY(const auto response, co_await http_->fetch(std::move(request)));
  UNHIDRA_CO_TRY(const auto tokens, object_of(response));
  take_tokens(account, tokens, clock_.now());
  co_return account;
}

}  // namespace unhidra::bench
