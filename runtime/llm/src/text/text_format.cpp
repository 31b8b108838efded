#include "text/text_format.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace troupe::llm::detail {

namespace {

/// Returns whether `text` looks like `form`, in which a 0 stands for any digit.
bool looks_like(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(),
                    [](char is, char wanted) {
                      if (wanted == '0') return is >= '0' && is <= '9';
                      return is == wanted;
                    });
}

/// `text` has digits only.
int number_in(std::string_view text) {
  int number = 0;
  for (const char each : text) number = number * 10 + (each - '0');
  return number;
}

bool is_date(std::string_view text) {
  if (!looks_like(text, "0000-00-00")) return false;
  const std::chrono::year_month_day day{
      std::chrono::year{number_in(text.substr(0, 4))},
      std::chrono::month{static_cast<unsigned>(number_in(text.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(number_in(text.substr(8, 2)))}};
  return day.ok();
}

bool is_hour_and_minute(std::string_view text) {
  return looks_like(text, "00:00") && number_in(text.substr(0, 2)) < 24 &&
         number_in(text.substr(3)) < 60;
}

bool is_offset(std::string_view text) {
  if (text == "Z" || text == "z") return true;
  return !text.empty() && (text[0] == '+' || text[0] == '-') &&
         is_hour_and_minute(text.substr(1));
}

bool is_time(std::string_view text) {
  constexpr std::size_t seconds_end = 8;
  if (!looks_like(text.substr(0, seconds_end), "00:00:00") ||
      !is_hour_and_minute(text.substr(0, 5)) ||
      number_in(text.substr(6, 2)) > 60) {
    return false;
  }
  text.remove_prefix(seconds_end);
  if (text.starts_with('.')) {
    const auto end = text.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return false;
    text.remove_prefix(end);
  }
  return is_offset(text);
}

}  // namespace

text_format format_named(std::string_view name) noexcept {
  for (const auto each :
       {text_format::date, text_format::time, text_format::date_time}) {
    if (name == name_of(each)) return each;
  }
  return text_format::any;
}

std::string_view name_of(text_format format) noexcept {
  switch (format) {
    case text_format::date:
      return "date";
    case text_format::time:
      return "time";
    case text_format::date_time:
      return "date-time";
    case text_format::any:
      break;
  }
  return "text";
}

bool has_format(std::string_view text, text_format format) {
  constexpr std::size_t date_end = 10;
  switch (format) {
    case text_format::date:
      return is_date(text);
    case text_format::time:
      return is_time(text);
    case text_format::date_time:
      return text.size() > date_end &&
             (text[date_end] == 'T' || text[date_end] == 't') &&
             is_date(text.substr(0, date_end)) &&
             is_time(text.substr(date_end + 1));
    case text_format::any:
      break;
  }
  return true;
}

}  // namespace troupe::llm::detail
