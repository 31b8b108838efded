#include "store_commands.hpp"

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>

#include <exception>
#include <iostream>

namespace troupe_tool {

namespace {

int status_of(troupe::errc code) {
  switch (code) {
    case troupe::errc::store_failed:
    case troupe::errc::shut_down:
    case troupe::errc::timed_out:
    case troupe::errc::request_failed:
      return exit_status::store_failed;
    default:
      return exit_status::refused;
  }
}

}  // namespace

void print(const store_arguments& all, const troupe::json& form,
           const std::string& text) {
  if (all.json) {
    std::cout << troupe::write_json(form, troupe::bad_text::replaced) << '\n';
  } else {
    std::cout << text;
  }
}

int perform(const store_arguments& chosen) {
  try {
    return chosen.command();
  } catch (const troupe::error& why) {
    const auto code = std::string{troupe::to_string(why.code())};
    print(chosen, {{"error", why.message()}, {"code", code}}, {});
    std::cerr << "troupe: " << troupe::printable(why.message()) << '\n';
    return status_of(why.code());
  } catch (const std::exception& why) {
    std::cerr << "troupe: " << troupe::printable(why.what()) << '\n';
    return exit_status::store_failed;
  }
}

}  // namespace troupe_tool
