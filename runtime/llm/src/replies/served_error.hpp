#pragma once

#include "replies/reply_fields.hpp"
#include "troupe/http/http_message.hpp"
#include "troupe/json.hpp"

#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// The content of a server's error, in one of the forms that are in use.
struct served_error {
  /// The server's words.
  std::string message = {};
  /// Its name or its number for the error.
  std::string kind = {};
  /// The HTTP status that it stands for, from 400 on; 0 where it names none.
  int status = 0;
  std::string request_id = {};
  /// The wait that it asks for, outside of the headers.
  http_response asks_for = {};
  /// Neither waiting nor another key helps: the money or the room is used up,
  /// or the request was judged by what is in it.
  bool is_final = false;
};

/// Reads the error in the body of a response with a bad status.
[[nodiscard]] served_error error_in_body(std::string_view body);

/// The part of a reply or an event with a good status that tells of an error,
/// or null where there is none. This one function decides for all formats,
/// whole and streamed.
[[nodiscard]] const json* find_error(const json& form);

/// Throws what the words of a server about an error mean; see
/// `error_of_reply`. `name` is that of the error, where they do not have it.
[[noreturn]] void throw_served_error(std::string_view body);
[[noreturn]] void throw_served_error(std::string_view body,
                                     const std::string& name);

/// Throws what an error in a reply or an event means, if it has one.
void throw_error_in(const json& form);

/// The JSON of a whole reply.
/// Errors: throws `errc::bad_reply`, with the first bytes, for what is no JSON,
/// and what `throw_error_in` throws.
[[nodiscard]] json reply_in_body(std::string_view body,
                                 const json_bounds& limits = reply_bounds);

}  // namespace troupe::llm::detail
