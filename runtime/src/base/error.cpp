#include "troupe/error.hpp"

#include <array>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>

namespace troupe {

std::string_view to_string(errc code) noexcept {
  static constexpr std::array<std::string_view, 28> names = {
      "unknown",           "node_threw",   "timed_out",
      "cancelled",         "step_limit",   "missing_edge",
      "undeclared_action", "bad_items",    "too_many_failures",
      "merge_conflict",    "missing_key",  "wrong_type",
      "bad_value",         "bad_flow",     "actor_died",
      "request_failed",    "overloaded",   "shut_down",
      "too_deep",          "rate_limited", "bad_reply",
      "too_large",         "unauthorized", "deadlock",
      "store_failed",      "id_taken",     "quarantined",
      "effect_unknown"};
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : names[0];
}

bool is_permanent(errc code) noexcept {
  switch (code) {
    case errc::step_limit:
    case errc::missing_edge:
    case errc::undeclared_action:
    case errc::bad_items:
    case errc::merge_conflict:
    case errc::missing_key:
    case errc::wrong_type:
    case errc::bad_value:
    case errc::bad_flow:
    case errc::too_deep:
    case errc::too_large:
    case errc::unauthorized:
    case errc::deadlock:
    case errc::id_taken:
    case errc::quarantined:
    case errc::effect_unknown:
      return true;
    default:
      return false;
  }
}

namespace {

// The name of the type in flight as it is written in a program.
std::string type_in_flight() {
  const auto* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "unknown";
  int failed = 0;
  const std::unique_ptr<char, void (*)(void*)> name{
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &failed), std::free};
  return failed == 0 && name ? name.get() : type->name();
}

// An exception may have no text, and its text may be null.
std::string text_or_type(const char* text) {
  if (text != nullptr && *text != '\0') return text;
  return "an exception of the type " + type_in_flight() + ", without a text";
}

/// The most exceptions within each other that a text shows.
constexpr int nested_max = 8;

std::string text_in_flight(int depth);

// With what was handled when it was thrown, as std::throw_with_nested keeps it.
std::string text_of(const std::exception& outer, int depth) {
  std::string text = text_or_type(outer.what());
  const auto* nest = dynamic_cast<const std::nested_exception*>(&outer);
  if (nest == nullptr || !nest->nested_ptr() || depth == nested_max) {
    return text;
  }
  try {
    nest->rethrow_nested();
  } catch (...) {
    text += "; caused by: " + text_in_flight(depth + 1);
  }
  return text;
}

std::string text_in_flight(int depth) {
  try {
    throw;
  } catch (const std::exception& other) {
    return text_of(other, depth);
  } catch (const std::string& text) {
    return text.empty() ? text_or_type(nullptr) : text;
  } catch (std::string_view text) {
    return text.empty() ? text_or_type(nullptr) : std::string{text};
  } catch (const char* text) {
    return text_or_type(text);
  } catch (const std::u8string& text) {
    return text_or_type(reinterpret_cast<const char*>(text.c_str()));
  } catch (const std::error_code& code) {
    return text_or_type(code.message().c_str());
  } catch (const std::error_condition& condition) {
    return text_or_type(condition.message().c_str());
  } catch (...) {
    return "something that is not a std::exception (its type is " +
           type_in_flight() + ")";
  }
}

}  // namespace

struct error::content {
  errc code;
  bool permanent = false;
  std::string message;
  std::string node;
  std::optional<std::size_t> item;
  std::optional<std::uint32_t> attempt;
  std::exception_ptr cause;
  std::optional<duration> retry_after;
};

error::error(errc code, std::string message)
    : content_(std::make_shared<content>(content{code,
                                                 troupe::is_permanent(code),
                                                 std::move(message),
                                                 {},
                                                 {},
                                                 {},
                                                 {},
                                                 {}})) {}

error error::from(std::exception_ptr cause) {
  if (!cause) return {errc::node_threw, "an empty std::exception_ptr"};
  try {
    std::rethrow_exception(cause);
  } catch (const error& known) {
    return known;
  } catch (const std::bad_alloc& other) {
    error result{errc::node_threw,
                 std::string{"out of memory ("} + other.what() + ")"};
    result.content_->cause = std::move(cause);
    return result;
  } catch (...) {
    error result{errc::node_threw, text_in_flight(0)};
    result.content_->cause = std::move(cause);
    return result;
  }
}

errc error::code() const noexcept { return content_->code; }

const std::string& error::message() const& noexcept {
  return content_->message;
}

const std::string& error::node() const& noexcept { return content_->node; }

std::optional<std::size_t> error::item() const noexcept {
  return content_->item;
}

std::optional<std::uint32_t> error::attempt() const noexcept {
  return content_->attempt;
}

std::exception_ptr error::cause() const noexcept { return content_->cause; }

bool error::is_permanent() const noexcept { return content_->permanent; }

std::optional<duration> error::retry_after() const noexcept {
  return content_->retry_after;
}

std::string error::describe() const {
  std::string text;
  if (!content_->node.empty()) {
    text += "node '" + content_->node + "'";
    if (content_->item) text += ", item " + std::to_string(*content_->item);
    if (content_->attempt) {
      text += ", attempt " + std::to_string(*content_->attempt);
    }
    text += ": ";
  }
  text += to_string(content_->code);
  text += ": " + content_->message;
  return text;
}

const char* error::what() const noexcept { return content_->message.c_str(); }

error& error::at_node(std::string_view path) {
  if (content_->node.empty()) {
    own();
    content_->node = path;
  }
  return *this;
}

error& error::at_item(std::size_t index) {
  if (!content_->item) {
    own();
    content_->item = index;
  }
  return *this;
}

error& error::at_attempt(std::uint32_t attempt) {
  if (!content_->attempt) {
    own();
    content_->attempt = attempt;
  }
  return *this;
}

error& error::inside(std::string_view outer) {
  if (!outer.empty()) {
    own();
    auto& node = content_->node;
    node = node.empty() ? std::string{outer} : std::string{outer} + "/" + node;
  }
  return *this;
}

error& error::permanent() {
  own();
  content_->permanent = true;
  return *this;
}

error& error::retry_after(duration wait) {
  own();
  content_->retry_after = wait;
  return *this;
}

void error::own() {
  if (content_.use_count() > 1) content_ = std::make_shared<content>(*content_);
}

permanent_error::permanent_error(std::string message)
    : error(errc::node_threw, std::move(message)) {
  permanent();
}

}  // namespace troupe
