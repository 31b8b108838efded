#pragma once

#include "support/catch.hpp"

#include <troupe/error.hpp>

#include <string>

namespace troupe_test {

/// The code of the error that `action` throws, which it must, and its text.
template <class Action>
troupe::errc code_of(Action action, std::string* text = nullptr) {
  try {
    action();
  } catch (const troupe::error& why) {
    if (text != nullptr) *text = why.message();
    return why.code();
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace troupe_test
