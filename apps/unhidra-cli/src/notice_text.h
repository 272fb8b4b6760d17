#pragma once
// Lines about a group in its timeline, as JSON and as words.

#include <string>

#include <boost/json/object.hpp>

#include "unhidra/client/model.h"

#include "output.h"

namespace unhidra::cli {

boost::json::object notice_json(const client::Message& message, const client::Notice& notice,
                                const Names& names);
// "ann added bob, carla and 12 others"; `own` is "you".
std::string notice_text(const client::Message& message, const client::Notice& notice,
                        const Names& names, UserId own);

}  // namespace unhidra::cli
