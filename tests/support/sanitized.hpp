#pragma once

#if !defined(__has_feature)
#define __has_feature(name) 0
#endif

namespace troupe_test {

/// True if a sanitizer watches, which makes a test slower by ten times and
/// takes memory of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

}  // namespace troupe_test
