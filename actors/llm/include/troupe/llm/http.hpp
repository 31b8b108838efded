#pragma once

// The old place of <troupe/http/http.hpp>, and the old names.

#include <troupe/http/http.hpp>
#include <troupe/llm/http_message.hpp>

namespace troupe::llm {

using troupe::http_client;
using troupe::http_options;
using troupe::http_stream;

}  // namespace troupe::llm
