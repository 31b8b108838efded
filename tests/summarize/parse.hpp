#pragma once

#include "summarize/command_line.hpp"
#include "support/catch.hpp"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

struct parse_outcome {
  summarize::parsed_arguments parsed;
  std::string out;
  std::string err;
};

inline parse_outcome parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "summarize_files");
  std::vector<const char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  auto parsed = summarize::parse_arguments(static_cast<int>(pointers.size()),
                                           pointers.data(), out, err);
  return {std::move(parsed), out.str(), err.str()};
}

inline void require_refused(const parse_outcome& result,
                            const std::string& text) {
  CAPTURE(result.err);
  REQUIRE_FALSE(result.parsed.value.has_value());
  REQUIRE(result.parsed.status == summarize::exit_status::bad_usage);
  REQUIRE(result.out.empty());
  REQUIRE(result.err.find(text) != std::string::npos);
}

}  // namespace troupe_test
