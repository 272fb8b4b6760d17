#pragma once
// Answers about spaces and channels as JSON, and requests about them as the host writes them.

#include "unhidra/client/places.h"

#include "json.h"

namespace unhidra::core {

// One member named after what it is: "channels", "channel", "spaces", "policy", "versions"; nothing
// when there is nothing.
void describe_place(Json& out, const client::PlaceAnswerBody& body);
// The member "policy".
void describe_policy(Json& out, const wire::ChatPolicy& policy);

// Lines: the request's name, then `key=value` of each field. Errc::bad_argument.
Result<client::PlaceRequest> place_request_of(std::string_view lines);

}  // namespace unhidra::core
