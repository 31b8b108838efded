#pragma once

// The old place of <troupe/http/url.hpp>, and the old names.

#include <troupe/http/url.hpp>

namespace troupe::llm {

using troupe::has_same_origin;
using troupe::is_web_url;
using troupe::origin_of;
using troupe::resolved_url;

}  // namespace troupe::llm
