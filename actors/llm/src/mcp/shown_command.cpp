// The text that shows a command of an MCP server, without its secrets.

#include "mcp/mcp_process.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t arguments_shown = 2;
constexpr std::size_t argument_shown_max = 60;
/// The least number of characters of a word that may be a key.
constexpr std::size_t key_min = 16;

/// True if the name of a variable, or of an option, says that its content is
/// secret.
bool names_secret(std::string name) {
  static constexpr std::array<std::string_view, 6> words = {
      "KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "BEARER"};
  std::transform(
      name.begin(), name.end(), name.begin(),
      [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return name.find(word) != name.npos;
  });
}

/// Letters and digits without a dot or a slash, as no path or package has them.
bool may_be_key(std::string_view word) {
  const auto is_of_key = [](unsigned char each) {
    return std::isalnum(each) != 0 || each == '-' || each == '_' ||
           each == '+' || each == '=';
  };
  const auto is_digit = [](unsigned char each) {
    return std::isdigit(each) != 0;
  };
  return word.size() >= key_min &&
         std::all_of(word.begin(), word.end(), is_of_key) &&
         std::any_of(word.begin(), word.end(), is_digit);
}

bool is_option(std::string_view word) { return word.starts_with('-'); }

/// The secret in an argument, which may be that of the option before it.
std::string_view secret_in(std::string_view word, std::string_view before) {
  const auto equals = word.find('=');
  if (equals != word.npos && names_secret(std::string{word.substr(0, equals)}))
    return word.substr(equals + 1);
  const bool is_of_option = is_option(before) &&
                            before.find('=') == before.npos &&
                            names_secret(std::string{before});
  if (is_of_option && !is_option(word)) return word;
  return may_be_key(word) ? word : std::string_view{};
}

}  // namespace

std::string shown_command(const mcp_command& command) {
  std::string shown = printable(command.program);
  std::string_view before;
  std::size_t count = 0;
  for (const auto& each : command.arguments) {
    if (count++ == arguments_shown) {
      shown += " ...";
      break;
    }
    std::string word = each;
    const auto secret = secret_in(each, before);
    if (!secret.empty()) {
      word.replace(static_cast<std::size_t>(secret.data() - each.data()),
                   secret.size(), troupe::detail::secrets::instead);
    } else if (each.find("://") != each.npos) {
      word = troupe::detail::shown_url(each);
    }
    shown += " " + printable(word, line_breaks::joined, argument_shown_max);
    before = each;
  }
  return shown;
}

troupe::detail::secrets secrets_of(const mcp_command& command) {
  troupe::detail::secrets hidden;
  for (const auto& [name, content] : command.environment) {
    if (names_secret(name)) hidden.add(content);
  }
  for (const auto& name : command.inherit) {
    const char* content =
        names_secret(name) ? std::getenv(name.c_str()) : nullptr;
    if (content != nullptr) hidden.add(content);
  }
  std::string_view before;
  for (const auto& each : command.arguments) {
    hidden.add(secret_in(each, before));
    hidden.add_url(each);
    before = each;
  }
  return hidden;
}

}  // namespace troupe::llm::detail
