#pragma once
// What the program prints: for people, or one JSON object a line with fields that stay.

#include <string>

#include <boost/json/object.hpp>

#include "unhidra/client/engine.h"

#include "terminal.h"

namespace unhidra::cli {

class Output {
 public:
  Output(const Surroundings& around, bool json, bool quiet);

  bool json() const { return json_; }
  // A result: the object in JSON mode, else the text.
  void result(const boost::json::object& object, std::string_view text);
  void object(const boost::json::object& object);  // JSON mode only
  void text(std::string_view line);                // for people only
  // How far a transfer is: an object in JSON mode, else in place on a terminal's standard error.
  void progress(std::string_view name, std::uint64_t done, std::uint64_t total);
  // A remark on the standard error; not in JSON mode, not when quiet.
  void remark(std::string_view line);
  // Something that must not be overlooked: on the standard error, in JSON mode as an object too.
  void warning(const boost::json::object& object, std::string_view line);
  void error(const Error& error);

 private:
  Surroundings around_;
  bool json_;
  bool quiet_;
};

// Names for the ids in messages.
class Names {
 public:
  explicit Names(const client::Engine& engine) : engine_(&engine) {}
  std::string of(UserId user) const;
  std::string of(ConversationId group) const;
  UserId own() const;

 private:
  const client::Engine* engine_;
};

// A nil `peer`: of a group.
boost::json::object to_json(const client::Message& message, UserId peer, const Names& names,
                            DeviceId this_device);
boost::json::object to_json(const client::User& user);
// "14:05  ann: hello", with the state of own messages and the reason of unreadable ones.
std::string to_line(const client::Message& message, const Names& names, UserId own,
                    DeviceId this_device);
// "report.pdf, 1.2 MB", and what a scanner said of it.
std::string file_line(const client::Attachment& file);
// "Monday 5 January 2026", by the local clock.
std::string day_of(Timestamp time);
// "1 member", "2 members".
std::string members_text(std::size_t count);
// Security events and failures, as a warning; everything else is silent.
void show_event(Output& output, const client::Event& event, const Names& names);

}  // namespace unhidra::cli
