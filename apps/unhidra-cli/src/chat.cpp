// chat: lines typed go out, what arrives is shown above the line being typed.

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

}  // namespace

Status App::chat() {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(show_online());
  UNHIDRA_TRY_VOID(open_connection(true));
  UNHIDRA_TRY(const auto user, find_user(options_.user, true));
  const auto account = *engine_->account();
  const Names names(*engine_);
  const RawTerminal raw(around_.in_is_terminal && around_.out_is_terminal);
  Screen screen(around_, raw.active(), "> ");

  UNHIDRA_TRY(const auto conversation, engine_->conversation_with(user.id));
  if (conversation) {
    UNHIDRA_TRY(const auto messages,
                engine_->history(conversation->id, conversation->message_count, kOpeningHistory));
    for (const auto& message : messages) {
      screen.print_message(message, names, account);
    }
  }
  screen.print("-- " + printable(user.username) + " (" +
               std::string(client::to_string(user.trust)) + "); Ctrl-D ends --");

  bool end = false;
  driver_->on_connection = [&](bool up) {
    screen.print(up ? "-- connected --" : "-- connection lost, trying again --");
  };
  driver_->on_event = [&](const client::Event& one) {
    if (const auto* received = std::get_if<event::MessageReceived>(&one)) {
      if (const auto with = engine_->conversation_with(user.id);
          with && *with && (*with)->id == received->message.conversation) {
        screen.print_message(received->message, names, account);
      }
      return;
    }
    if (const auto* changed = std::get_if<event::MessageStateChanged>(&one)) {
      if (changed->message.state == MessageState::failed ||
          changed->message.state == MessageState::blocked) {
        screen.print_message(changed->message, names, account);
      }
      return;
    }
    screen.leave();
    show_event(output_, one, names);
    screen.draw();
  };
  const auto submit = [&](const std::string& line) {
    if (line.empty()) {
      return;
    }
    const auto sent = engine_->send_text(user.id, line);
    if (!sent) {
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
  };

  asio::posix::stream_descriptor input(driver_->context(), ::dup(STDIN_FILENO));
  std::array<char, 1024> keys{};
  const std::function<void()> read = [&] {
    input.async_read_some(
        asio::buffer(keys), [&](boost::system::error_code error, std::size_t size) {
          if (error == asio::error::operation_aborted) {
            return;
          }
          const auto typed = screen.editor().feed({keys.data(), error ? 0 : size});
          for (const auto& line : typed.lines) {
            submit(line);
          }
          end = end || typed.end || error;
          screen.draw();
          driver_->flush();
          if (!end) {
            read();
          }
        });
  };
  screen.draw();
  read();
  // What was piped in goes out before the end.
  const auto ran = driver_->run_until(
      [&] { return end && (around_.in_is_terminal || engine_->account()->outbox_size == 0); }, {});
  boost::system::error_code ignored;
  input.cancel(ignored);
  driver_->context().restart();
  driver_->context().poll();
  driver_->on_event = nullptr;
  driver_->on_connection = nullptr;
  screen.leave();
  if (const auto with = engine_->conversation_with(user.id); with && *with) {
    UNHIDRA_TRY_VOID(mark_shown(**with));
  }
  return ran;
}

}  // namespace unhidra::cli
