#include "base/split_secrets.hpp"

#include <troupe/json.hpp>
#include <troupe/json_text.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

namespace {

/// A line of a body, with the value of an event where it has one.
struct stream_line {
  std::string_view text;
  json event;
  bool is_changed = false;
};

/// A text of an event, and in which line that is.
struct text_place {
  std::size_t line;
  json* text;
};

/// The texts of events by their places, which are numbered, as a path is as
/// long as all names in it together.
class texts_by_place {
 public:
  void collect(json& form, std::size_t line) { collect(form, 0, line); }
  [[nodiscard]] const std::vector<std::vector<text_place>>& all() const {
    return texts_;
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): as deep as JSON that was read
  void collect(json& form, std::size_t place, std::size_t line) {
    if (form.is_string()) {
      texts_[place].push_back({line, &form});
    } else if (form.is_object()) {
      for (auto& [name, each] : form.items()) {
        collect(each, place_in(place, name), line);
      }
    } else if (form.is_array()) {
      // The elements of all events are alike.
      for (auto& each : form) collect(each, place_in(place, {}), line);
    }
  }

  std::size_t place_in(std::size_t outer, const std::string& name) {
    const auto [found, is_new] =
        numbers_.try_emplace({outer, name}, texts_.size());
    if (is_new) texts_.emplace_back();
    return found->second;
  }

  std::map<std::pair<std::size_t, std::string>, std::size_t> numbers_;
  std::vector<std::vector<text_place>> texts_ =
      std::vector<std::vector<text_place>>(1);
};

std::vector<stream_line> lines_of(std::string_view body) {
  static constexpr std::string_view begin = "data:";
  std::vector<stream_line> lines;
  while (!body.empty()) {
    const auto size = std::min(body.find('\n'), body.size() - 1) + 1;
    stream_line line{body.substr(0, size), nullptr};
    body.remove_prefix(size);
    if (line.text.starts_with(begin)) {
      auto event = try_read_json(line.text.substr(begin.size()));
      if (event && event->is_structured()) line.event = std::move(*event);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Takes the secrets out of the texts of one place. Whether there were some.
bool mask(const troupe::detail::secrets& hidden,
          const std::vector<text_place>& places,
          std::vector<stream_line>& lines) {
  std::string joined;
  std::vector<std::size_t> parts;
  for (const auto& each : places) {
    const auto& text = each.text->get_ref<const std::string&>();
    joined += text;
    parts.push_back(text.size());
  }
  const auto clean = hidden.without(joined, parts);
  if (clean == joined) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto& text = places[i].text->get_ref<std::string&>();
    auto left = clean.substr(at, parts[i]);
    at += parts[i];
    if (left == text) continue;
    text = std::move(left);
    lines[places[i].line].is_changed = true;
  }
  return true;
}

}  // namespace

std::optional<std::string> without_split(const troupe::detail::secrets& hidden,
                                         std::string_view body) {
  if (hidden.empty()) return std::nullopt;
  auto lines = lines_of(body);
  texts_by_place texts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    texts.collect(lines[i].event, i);
  }
  bool is_masked = false;
  for (const auto& each : texts.all()) {
    if (mask(hidden, each, lines)) is_masked = true;
  }
  if (!is_masked) return std::nullopt;
  std::string clean;
  for (const auto& each : lines) {
    if (each.is_changed) {
      clean += "data: " + write_json(each.event, bad_text::replaced) + "\n";
    } else {
      clean += each.text;
    }
  }
  return clean;
}

// -- parts --------------------------------------------------------------------

std::string masked_parts::add(std::string_view part) {
  held_ += part;
  held_ = hidden_.without(std::move(held_));
  const auto open = hidden_.begun_at_end_of(held_);
  auto shown = held_.substr(0, held_.size() - open);
  held_.erase(0, shown.size());
  return shown;
}

std::string masked_parts::finish() {
  return hidden_.without(std::exchange(held_, {}));
}

}  // namespace troupe::llm::detail
