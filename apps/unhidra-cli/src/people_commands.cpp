// people and profile: whom one can write to, and what one is called oneself.

#include <algorithm>

#include <boost/json/object.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kSearchPatience{30};
constexpr std::chrono::seconds kTokenLeft{5};

std::string words_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

}  // namespace

Status App::search_people() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kSearchPatience));
  wire::ListPeople query{.search = words_of(options_.users), .cursor = {}, .limit = 0};
  std::vector<wire::UserInfo> found;
  bool more = false;
  do {
    query.limit =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.limit - found.size(), 200));
    UNHIDRA_TRY(auto body, ask_place(query));
    auto* page = std::get_if<wire::People>(&body);
    if (page == nullptr) {
      return fail(Errc::server_failed, "the server's answer lists no people");
    }
    std::ranges::move(page->people, std::back_inserter(found));
    query.cursor = page->next_cursor;
    more = !query.cursor.empty();
  } while (more && found.size() < options_.limit);
  std::size_t widest = 0;
  for (const auto& one : found) {
    widest = std::max(widest, printable(one.username).size());
  }
  for (const auto& one : found) {
    const auto name = printable(one.username);
    output_.result(json::object{{"type", "person"},
                                {"user", name},
                                {"user_id", one.user_id.to_string()},
                                {"display_name", printable(one.display_name)}},
                   name + std::string(widest - name.size() + 2, ' ') + printable(one.display_name));
  }
  if (more) {
    output_.remark("There are more: add a word, or ask for more with --limit.");
  } else if (found.empty()) {
    output_.remark("Nobody is called that, as far as you may know.");
  }
  return {};
}

Status App::own_profile() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY(const auto token, tokens_->fresh(kTokenLeft));
  const bool change = options_.command == Command::profile_name;
  const json::object body{{"display_name", options_.name}};
  UNHIDRA_TRY(const auto answer, rest_->call(change ? "PATCH" : "GET", "/v1/account",
                                             change ? &body : nullptr, token));
  if (!answer.is_object()) {
    return fail(Errc::server_failed, "the server's answer is no account");
  }
  const auto& account = answer.get_object();
  const auto username = printable(text_of(account, "username"));
  const auto name = printable(text_of(account, "display_name"));
  output_.result(json::object{{"type", "profile"},
                              {"user", username},
                              {"user_id", text_of(account, "user_id")},
                              {"display_name", name},
                              {"organization", printable(text_of(account, "organization"))}},
                 (change ? "Others see you as " : "") + name + " (" + username + ")");
  return {};
}

}  // namespace unhidra::cli
