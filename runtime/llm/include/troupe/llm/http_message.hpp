#pragma once

// The old place of <troupe/http/http_message.hpp>, and the old names.

#include <troupe/http/http_message.hpp>

namespace troupe::llm {

using troupe::asked_by;
using troupe::http_header;
using troupe::http_limits;
using troupe::http_request;
using troupe::http_response;

}  // namespace troupe::llm
