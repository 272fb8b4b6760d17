#pragma once
// One request, from bytes to values: the strict form check, then Beast's parser over memory. Lives
// as long as the request is being read.

#include <functional>
#include <memory>

#include "unhidra/net/http.h"

#include "http_form.h"

namespace unhidra::net {

class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();

  // A whole head, blank line included. An error carries the status to answer with.
  std::optional<FormError> parse_head(std::string_view head);
  // Of use after parse_head.
  RequestHead& head() { return head_; }
  bool keep_alive() const { return keep_alive_; }
  bool is_version_1_1() const { return version_1_1_; }
  bool has_body() const { return has_body_; }
  bool expects_continue() const { return expects_continue_; }

  // Refuses at once what Content-Length announces above the limit.
  std::optional<FormError> set_body_limit(std::uint64_t limit);
  struct Progress {
    std::size_t consumed = 0;
    bool done = false;
    std::optional<FormError> error;
  };
  Progress parse_body(ByteView bytes);
  Bytes take_body();

 private:
  struct Beast;
  void read_head();

  HttpLimits limits_;
  std::unique_ptr<Beast> beast_;
  RequestHead head_;
  bool keep_alive_ = false;
  bool version_1_1_ = false;
  bool has_body_ = false;
  bool expects_continue_ = false;
};

}  // namespace unhidra::net
