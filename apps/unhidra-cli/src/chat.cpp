// chat: lines typed go out, what arrives is shown above the line being typed.

#include <algorithm>
#include <clocale>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"
#include "line_editor.h"

namespace unhidra::cli {

namespace asio = boost::asio;
namespace event = client::event;
using client::MessageState;

namespace {

constexpr std::size_t kOpeningHistory = 20;

// Keys come one by one and without echo as long as this lives.
class RawTerminal {
 public:
  explicit RawTerminal(bool wanted) {
    if (wanted && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
      auto raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
      raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
      raw.c_cc[VMIN] = 1;
      raw.c_cc[VTIME] = 0;
      changed_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    }
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (changed_) {
      ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
  }
  bool active() const { return changed_; }

 private:
  termios before_{};
  bool changed_ = false;
};

// The conversation on the screen.
class Screen {
 public:
  Screen(const Surroundings& around, bool raw, std::string prompt)
      : out_(around.out), raw_(raw), colour_(raw && around.out_is_terminal), editor_(prompt) {}

  void print(const std::string& line, bool own = false) {
    *out_ << (raw_ ? LineEditor::erase() : "") << (colour_ && own ? "\x1b[2m" : "") << line
          << (colour_ && own ? "\x1b[0m" : "") << '\n';
    draw();
  }
  // A line between days.
  void print_message(const client::Message& message, const Names& names,
                     const client::Account& account) {
    if (auto day = day_of(message.sent_at); day != day_) {
      day_ = std::move(day);
      print("-- " + day_ + " --");
    }
    print(to_line(message, names, account.user, account.device),
          message.sender_user == account.user);
  }
  void draw() {
    if (raw_) {
      *out_ << editor_.redraw(terminal_columns());
    }
    *out_ << std::flush;
  }
  void leave() {
    if (raw_) {
      *out_ << LineEditor::erase() << std::flush;
    }
  }
  LineEditor& editor() { return editor_; }

 private:
  std::ostream* out_;
  bool raw_;
  bool colour_;
  LineEditor editor_;
  std::string day_;
};

// Whom the lines go to: a person, with whom there may be nothing yet, or a group or channel.
class Partner {
 public:
  Partner(client::Engine& engine, client::User person)
      : engine_(&engine), person_(std::move(person)) {}
  Partner(client::Engine& engine, ConversationId group) : engine_(&engine), group_(group) {}

  Result<MessageId> send(const std::string& line) const {
    return person_ ? engine_->send_text(person_->id, line) : engine_->send_text(group_, line);
  }
  Result<std::optional<client::Conversation>> conversation() const {
    if (person_) {
      return engine_->conversation_with(person_->id);
    }
    UNHIDRA_TRY(auto all, engine_->conversations());
    const auto found = std::ranges::find(all, group_, &client::Conversation::id);
    return found == all.end() ? std::nullopt : std::optional(std::move(*found));
  }
  bool is_in(const client::Message& message) const {
    if (!person_) {
      return message.conversation == group_;
    }
    const auto here = engine_->conversation_with(person_->id);
    return here && *here && (*here)->id == message.conversation;
  }
  std::string title() const {
    if (person_) {
      return printable(person_->username) + " (" + std::string(client::to_string(person_->trust)) +
             ")";
    }
    const auto group = engine_->group(group_);
    return group ? "#" + printable(group->name) + " (" + members_text(group->members.size()) + ")"
                 : group_.to_string();
  }

 private:
  client::Engine* engine_;
  std::optional<client::User> person_;
  ConversationId group_;
};

// What happens, as far as this conversation shows it.
class Shown {
 public:
  Shown(Screen& screen, Output& output, const Partner& partner, const Names& names,
        const client::Account& account)
      : screen_(&screen),
        output_(&output),
        partner_(&partner),
        names_(&names),
        account_(&account) {}

  void operator()(const client::Event& one) const {
    const bool drawn = std::visit([this](const auto& what) { return draw(what); }, one);
    if (!drawn) {
      screen_->leave();
      show_event(*output_, one, *names_);
      screen_->draw();
    }
  }

 private:
  bool draw(const event::MessageReceived& what) const { return draw_here(what.message); }
  bool draw(const event::MessageUnreadable& what) const { return draw_here(what.message); }
  bool draw(const event::Noticed& what) const { return draw_here(what.message); }
  bool draw(const event::MessageStateChanged& what) const {
    const bool stays =
        what.message.state == MessageState::failed || what.message.state == MessageState::blocked;
    return stays ? draw_here(what.message) : true;
  }
  template <class Other>
  bool draw(const Other&) const {
    return false;
  }
  bool draw_here(const client::Message& message) const {
    if (partner_->is_in(message)) {
      screen_->print_message(message, *names_, *account_);
    }
    return true;
  }

  Screen* screen_;
  Output* output_;
  const Partner* partner_;
  const Names* names_;
  const client::Account* account_;
};

// Reads keys until their end, and hands over each line.
class Keys : public std::enable_shared_from_this<Keys> {
 public:
  Keys(asio::io_context& context, Screen& screen, std::function<void(const std::string&)> submit)
      : input_(context, ::dup(STDIN_FILENO)), screen_(&screen), submit_(std::move(submit)) {}

  bool ended() const { return ended_; }
  void read() {
    input_.async_read_some(
        asio::buffer(keys_),
        [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
          if (error != asio::error::operation_aborted) {
            self->take({self->keys_.data(), error ? 0 : size}, bool(error));
          }
        });
  }
  void cancel() {
    boost::system::error_code ignored;
    input_.cancel(ignored);
  }

 private:
  void take(std::string_view typed_keys, bool over) {
    const auto typed = screen_->editor().feed(typed_keys);
    std::ranges::for_each(typed.lines, submit_);
    ended_ = ended_ || typed.end || over;
    screen_->draw();
    if (!ended_) {
      read();
    }
  }

  asio::posix::stream_descriptor input_;
  Screen* screen_;
  std::function<void(const std::string&)> submit_;
  std::array<char, 1024> keys_{};
  bool ended_ = false;
};

}  // namespace

Status App::chat() {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(show_online());
  UNHIDRA_TRY_VOID(open_connection(true));
  if (const auto done = look_after_groups(); !done) {
    output_.remark("Keys of device groups that are due wait: " + done.error().message());
  }
  std::optional<Partner> partner;
  if (options_.user.starts_with('#')) {
    UNHIDRA_TRY(const auto group, group_named(std::string_view(options_.user).substr(1)));
    partner.emplace(*engine_, group.id);
  } else {
    UNHIDRA_TRY(auto user, find_user(options_.user, true));
    partner.emplace(*engine_, std::move(user));
  }
  const auto account = *engine_->account();
  const Names names(*engine_);
  const RawTerminal raw(around_.in_is_terminal && around_.out_is_terminal);
  Screen screen(around_, raw.active(), "> ");

  UNHIDRA_TRY(const auto conversation, partner->conversation());
  if (conversation) {
    UNHIDRA_TRY(const auto messages,
                engine_->history(conversation->id, conversation->message_count, kOpeningHistory));
    for (const auto& message : messages) {
      screen.print_message(message, names, account);
    }
  }
  screen.print("-- " + partner->title() + "; Ctrl-D ends --");
  driver_->on_connection = [&](bool up) {
    screen.print(up ? "-- connected --" : "-- connection lost, trying again --");
  };
  driver_->on_event = Shown(screen, output_, *partner, names, account);
  const auto keys =
      std::make_shared<Keys>(driver_->context(), screen, [&](const std::string& line) {
        if (line.empty()) {
          return;
        }
        if (const auto sent = partner->send(line); !sent) {
          screen.print("! " + sent.error().message());
          return;
        }
        client::Message shown;
        shown.sender_user = account.user;
        shown.sender_device = account.device;
        shown.sent_at = clock_.now();
        shown.state = MessageState::sent;
        shown.text = line;
        screen.print_message(shown, names, account);
        driver_->flush();
      });
  screen.draw();
  keys->read();
  // What was piped in goes out before the end.
  const auto ran = driver_->run_until(
      [&] {
        return keys->ended() && (around_.in_is_terminal || engine_->account()->outbox_size == 0);
      },
      {});
  keys->cancel();
  driver_->context().restart();
  driver_->context().poll();
  driver_->on_event = nullptr;
  driver_->on_connection = nullptr;
  screen.leave();
  UNHIDRA_TRY(const auto left, partner->conversation());
  if (left) {
    UNHIDRA_TRY_VOID(mark_shown(*left));
  }
  return ran;
}

}  // namespace unhidra::cli
