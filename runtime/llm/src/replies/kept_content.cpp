#include "replies/kept_content.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::llm::detail {

namespace {

/// Text that comes whole, and is repeated by some servers.
bool comes_whole(std::string_view key) {
  static constexpr std::array<std::string_view, 9> names = {
      "type",  "id",       "format", "name",  "role",
      "model", "provider", "status", "object"};
  return std::find(names.begin(), names.end(), key) != names.end() ||
         key.ends_with("_id") || key.ends_with("signature");
}

bool has_text(const json& form, const char* key) {
  const auto found = form.find(key);
  return found != form.end() && found->is_string() &&
         !found->get_ref<const std::string&>().empty();
}

bool says_the_same(const json& one, const json& other, const char* key) {
  const auto found = one.find(key);
  const auto wanted = other.find(key);
  return found == one.end() || wanted == other.end() || *found == *wanted;
}

/// The element that `piece` goes on with, or null where it is a new one.
json* continued_by(json& list, const json& piece) {
  if (!piece.is_object()) return nullptr;
  if (const auto index = piece.find("index"); index != piece.end()) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const json& each) {
          return each.is_object() && each.contains("index") &&
                 each.at("index") == *index &&
                 says_the_same(each, piece, "type");
        });
    return found == list.end() ? nullptr : &*found;
  }
  if (list.empty() || !list.back().is_object()) return nullptr;
  auto& last = list.back();
  const auto grows = [&](const char* key) {
    return last.contains(key) && piece.contains(key) &&
           last.at(key).type() == piece.at(key).type();
  };
  const bool fits = last.contains("type") && piece.contains("type") &&
                    says_the_same(last, piece, "type") &&
                    says_the_same(last, piece, "id") &&
                    !has_text(last, "signature") &&
                    (grows("text") || grows("thinking") || grows("summary"));
  return fits ? &last : nullptr;
}

void merge_list(json& into, const json& pieces) {
  for (const auto& each : pieces) {
    if (auto* found = continued_by(into, each)) {
      merge_piece(*found, each, {});
    } else {
      into.push_back(each);
    }
  }
}

bool says_nothing(std::string_view key, const json& form) {
  // The empty thoughts of a model that thinks have to go back as well.
  if (form.is_string() && key.starts_with("reasoning")) return false;
  return form.is_null() ||
         ((form.is_string() || form.is_structured()) &&
          (form.is_string() ? form.get_ref<const std::string&>().empty()
                            : form.empty()));
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion): as deep as JSON that was read
void merge_piece(json& into, const json& piece, std::string_view key) {
  if (piece.is_null()) return;
  if (into.is_null()) {
    // An own list may have pieces of one element in it.
    into = piece.is_array() ? json::array() : json{};
    if (!piece.is_array()) {
      into = piece;
      return;
    }
  }
  if (into.is_object() && piece.is_object()) {
    for (const auto& [name, value] : piece.items()) {
      merge_piece(into[name], value, name);
    }
  } else if (into.is_array() && piece.is_array()) {
    merge_list(into, piece);
  } else if (into.is_string() && piece.is_string() && !comes_whole(key)) {
    into.get_ref<std::string&>() += piece.get_ref<const std::string&>();
  } else if (!says_nothing({}, piece)) {
    into = piece;
  }
}

json unknown_in(const json& form,
                std::initializer_list<std::string_view> known) {
  json found;
  if (!form.is_object()) return found;
  for (const auto& [key, value] : form.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    if (!says_nothing(key, value)) found[key] = value;
  }
  return found;
}

std::string text_at(const json& form, const char* key) {
  const auto found = form.find(key);
  return found != form.end() && found->is_string() ? found->get<std::string>()
                                                   : std::string{};
}

server_content kept(std::string_view format, json content) {
  if (content.empty()) return {};
  return {std::string{format}, std::move(content)};
}

const json& content_for(const server_content& from,
                        std::string_view format) noexcept {
  static const json nothing = nullptr;
  return from.format == format ? from.content : nothing;
}

}  // namespace troupe::llm::detail
