#pragma once

// All of troupe::http.

#include <troupe/http/http.hpp>
#include <troupe/http/http_message.hpp>
#include <troupe/http/sse.hpp>
#include <troupe/http/url.hpp>
