#include "output.h"

#include <iostream>

#include <boost/json/serialize.hpp>

#include "unhidra/base/text.h"

#include "errc.h"
#include "json_text.h"

namespace unhidra::cli {

namespace json = boost::json;

Output::Output(const Surroundings& around, bool json_in, bool quiet)
    : around_(around), json_(json_in), quiet_(quiet) {}

void Output::result(const json::object& object_in, std::string_view text_in) {
  object(object_in);
  text(text_in);
}
void Output::object(const json::object& object_in) {
  if (json_) {
    *around_.out << json::serialize(object_in) << std::endl;
  }
}
void Output::text(std::string_view line) {
  if (!json_) {
    *around_.out << line << std::endl;
  }
}
void Output::remark(std::string_view line) {
  if (!json_ && !quiet_) {
    *around_.err << line << std::endl;
  }
}
void Output::progress(std::string_view name, std::uint64_t done, std::uint64_t total) {
  if (json_) {
    auto shown = typed("progress");
    shown["name"] = name;
    shown["done"] = done;
    shown["total"] = total;
    object(shown);
  } else if (!quiet_ && around_.out_is_terminal) {
    *around_.err << "\r" << printable(name) << ": " << (total == 0 ? 100 : done * 100 / total)
                 << " %" << (done == total ? "\n" : "") << std::flush;
  }
}
void Output::warning(const json::object& object_in, std::string_view line) {
  object(object_in);
  *around_.err << "! " << line << std::endl;
}
void Output::error(const Error& error) {
  if (json_) {
    auto shown = typed("error");
    shown["code"] = error.code().name;
    shown["message"] = error.message();
    shown["exit_code"] = static_cast<int>(exit_code_of(error));
    object(shown);
  }
  *around_.err << "unhidra-cli: " << error.message() << std::endl;
}

}  // namespace unhidra::cli
