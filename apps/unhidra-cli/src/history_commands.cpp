// devices history receive, devices history send: old messages for a new device of the account.

#include <istream>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;
using client::HistoryState;

namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::minutes kCodePatience{10};

json::object typed(const client::HistoryTransfer& transfer) {
  json::object out;
  out["type"] = "history_transfer";
  out["device_id"] = transfer.device.to_string();
  out["receiving"] = transfer.receiving;
  out["state"] = client::to_string(transfer.state);
  out["messages"] = transfer.messages;
  if (!transfer.code.empty()) {
    out["code"] = transfer.code;
  }
  return out;
}

std::unexpected<Error> why(std::string_view failure) {
  if (failure == client::error_code(client::Errc::wrong_code).name) {
    return fail(Errc::refused,
                "that is not the code which the other device shows, or it is older than ten "
                "minutes. Nothing was handed over. If it was typed as shown, somebody is "
                "between the two devices: look at unhidra-cli devices");
  }
  return fail(Errc::refused, "the transfer was called off: " + printable(failure));
}

}  // namespace

Result<std::optional<client::HistoryTransfer>> App::history_transfer(DeviceId device,
                                                                     bool receiving) const {
  UNHIDRA_TRY(const auto all, engine_->history_transfers());
  for (const auto& one : all) {
    if (one.receiving == receiving && (device.is_nil() || one.device == device)) {
      return std::optional(one);
    }
  }
  return std::optional<client::HistoryTransfer>();
}

// The named other device of the account, or the only one.
Result<DeviceId> App::other_device() {
  UNHIDRA_TRY(const auto devices, engine_->devices());
  std::vector<DeviceId> others;
  for (const auto& device : devices) {
    if (!device.pending && !device.this_device) {
      others.push_back(device.id);
    }
  }
  if (options_.device.empty() && others.size() > 1) {
    return fail(Errc::usage, "which device? Name it by its id (unhidra-cli devices)");
  }
  return device_named(others);
}

// Runs the connection until `done` says so of the transfer, or it has failed.
Status App::await_history(DeviceId device, bool receiving, std::chrono::seconds patience,
                          const std::function<bool(const client::HistoryTransfer&)>& done) {
  std::string failure;
  on_event_ = [&](const client::Event& one) {
    const auto* changed = std::get_if<event::HistoryTransferChanged>(&one);
    if (changed != nullptr && changed->transfer.device == device &&
        changed->transfer.state == HistoryState::failed) {
      failure = changed->failure;
    }
  };
  const auto ran = driver_->run_until(
      [&] {
        const auto now = history_transfer(device, receiving);
        return now && *now && ((*now)->state == HistoryState::failed || done(**now));
      },
      patience);
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(ran);
  UNHIDRA_TRY(const auto now, history_transfer(device, receiving));
  if (now->state == HistoryState::failed) {
    return why(failure);
  }
  return {};
}

Status App::show_history_done(DeviceId device, bool receiving) {
  UNHIDRA_TRY(const auto transfer, history_transfer(device, receiving));
  output_.result(typed(*transfer), (receiving ? "Received " : "Sent ") +
                                       std::to_string(transfer->messages) +
                                       " message(s), all there is.");
  return {};
}

Status App::receive_history() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(true));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto from, other_device());
  const auto patience = options_.timeout > 0
                            ? std::chrono::seconds(static_cast<std::int64_t>(options_.timeout))
                            : std::chrono::seconds(kCodePatience);
  UNHIDRA_TRY(auto transfer, history_transfer(from, true));
  // One that was broken off goes on.
  if (!transfer || transfer->state != HistoryState::running) {
    UNHIDRA_TRY_VOID(engine_->request_history(from));
    UNHIDRA_TRY_VOID(await_history(from, true, patience, [](const auto& one) {
      return one.state >= HistoryState::comparing;
    }));
    UNHIDRA_TRY(transfer, history_transfer(from, true));
    output_.result(typed(*transfer),
                   "Type this code on the other device (unhidra-cli devices "
                   "history send):\n  " +
                       transfer->code);
  }
  UNHIDRA_TRY_VOID(await_history(from, true, patience, [this](const auto& one) {
    return one.state == HistoryState::done && engine_->account()->outbox_size == 0;
  }));
  return show_history_done(from, true);
}

Result<std::string> App::history_code_from_person() const {
  if (!options_.code.empty()) {
    return options_.code;
  }
  if (!around_.in_is_terminal) {
    return fail(Errc::usage, "give the code that the other device shows with --code");
  }
  *around_.err << "Code that the new device shows: " << std::flush;
  std::string line;
  if (!std::getline(*around_.in, line) || line.empty()) {
    return fail(Errc::usage, "nothing was done");
  }
  return line;
}

Status App::send_history() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(true));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto to, other_device());
  UNHIDRA_TRY(auto transfer, history_transfer(to, false));
  if (!transfer || transfer->state != HistoryState::running) {
    if (!transfer || transfer->state >= HistoryState::done) {
      output_.remark("Waiting for the new device to ask (unhidra-cli devices history receive).");
    }
    UNHIDRA_TRY_VOID(driver_->run_until(
        [&] {
          const auto now = history_transfer(to, false);
          return now && *now && (*now)->state == HistoryState::comparing;
        },
        kCodePatience));
    UNHIDRA_TRY(const auto code, history_code_from_person());
    UNHIDRA_TRY_VOID(engine_->approve_history(to, code));
  }
  UNHIDRA_TRY_VOID(await_history(to, false, std::chrono::hours(1), [this](const auto& one) {
    return one.state == HistoryState::done && engine_->account()->outbox_size == 0;
  }));
  return show_history_done(to, false);
}

}  // namespace unhidra::cli
