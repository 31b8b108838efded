#include "troupe/llm/recording.hpp"

#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::llm {

namespace {

constexpr std::array<std::string_view, 6> kept_headers = {
    "content-type", "retry-after",  "retry-after-ms",
    "request-id",   "x-request-id", "x-should-retry"};

/// A body of 64 MB, all of it escaped.
constexpr json_bounds line_bounds{.bytes = std::size_t{512} << 20};
constexpr std::size_t headers_max = 100;
constexpr std::size_t header_max = 8'192;
constexpr std::size_t fault_shown_max = 300;

[[noreturn]] void refuse(const std::string& what) {
  throw error{errc::bad_value, what}.permanent();
}

std::string path_of(const std::string& url) {
  const auto host = url.find("://");
  if (host == std::string::npos) return url;
  const auto path = url.find('/', host + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

/// A body that is JSON, so that the order of its members does not matter.
json body_of(const std::string& text) {
  auto parsed = try_read_json(text, line_bounds);
  return parsed ? std::move(*parsed) : json(text);
}

json form_of(const http_request& request) {
  return {{"method", request.method},
          {"path", path_of(request.url)},
          {"body", body_of(request.body)}};
}

json form_of(const recorded_reply& reply) {
  json headers = json::object();
  for (const auto& each : reply.response.headers) {
    if (std::find(kept_headers.begin(), kept_headers.end(), each.name) !=
        kept_headers.end()) {
      headers[each.name] = each.value;
    }
  }
  json form = {{"status", reply.response.status},
               {"headers", std::move(headers)},
               {"body", reply.response.body}};
  if (!reply.parts.empty()) form["parts"] = reply.parts;
  return form;
}

const json& member_in(const json& form, const char* name) {
  const auto found = form.is_object() ? form.find(name) : form.end();
  if (found == form.end()) {
    refuse("it has no member '" + std::string{name} + "'");
  }
  return *found;
}

int status_in(const json& form) {
  const json& status = member_in(form, "status");
  if (!status.is_number_integer() || status < 100 || status > 999) {
    refuse("its status is no number from 100 to 999");
  }
  return status.get<int>();
}

std::vector<http_header> headers_in(const json& form) {
  const json& given = member_in(form, "headers");
  if (!given.is_object()) refuse("its headers are no object");
  if (given.size() > headers_max) {
    refuse("it has more than " + std::to_string(headers_max) + " headers");
  }
  std::vector<http_header> headers;
  for (const auto& [name, content] : given.items()) {
    if (!content.is_string()) refuse("a header of it is no text");
    headers.push_back({name, content.get<std::string>()});
    if (name.size() + headers.back().value.size() > header_max) {
      refuse("a header of it has more than " + std::to_string(header_max) +
             " bytes");
    }
  }
  return headers;
}

std::vector<std::size_t> parts_in(const json& form, std::size_t size) {
  std::vector<std::size_t> parts;
  if (!form.contains("parts")) return parts;
  const json& given = form.at("parts");
  if (!given.is_array()) refuse("its parts are no list");
  std::size_t left = size;
  for (const json& each : given) {
    if (!each.is_number_unsigned() || each > left) {
      refuse("its parts are not those of its body");
    }
    parts.push_back(each.get<std::size_t>());
    left -= parts.back();
  }
  if (!parts.empty() && left > 0) {
    refuse("its parts are not those of its body");
  }
  return parts;
}

recorded_reply reply_in(const json& form) {
  recorded_reply reply;
  reply.response.status = status_in(form);
  reply.response.headers = headers_in(form);
  const json& body = member_in(form, "body");
  if (!body.is_string()) refuse("its body is no text");
  body.get_to(reply.response.body);
  reply.parts = parts_in(form, reply.response.body.size());
  return reply;
}

}  // namespace

std::string recording::line_of(const http_request& request,
                               const recorded_reply& reply) {
  return write_json(
      {{"request", form_of(request)}, {"response", form_of(reply)}});
}

void recording::add(std::string_view lines, std::string_view name) {
  if (!name.empty()) name_ = "the recording '" + std::string{name} + "'";
  std::size_t number = 0;
  while (!lines.empty()) {
    ++number;
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      const json form = read_json(line, line_bounds);
      auto reply = reply_in(member_in(form, "response"));
      known_[write_json(member_in(form, "request"))].replies.push_back(
          std::move(reply));
      ++size_;
    } catch (const error& fault) {
      refuse("line " + std::to_string(number) + " of " + name_ +
             " is not a recorded exchange: " +
             printable(fault.message(), line_breaks::joined, fault_shown_max));
    }
  }
}

const recorded_reply& recording::next(const http_request& request) {
  const auto key = write_json(form_of(request));
  const auto found = known_.find(key);
  if (found == known_.end()) {
    throw error{errc::request_failed,
                name_ + " has no answer to this request, " + request.method +
                    " " + printable(path_of(request.url))}
        .permanent();
  }
  auto& from = found->second;
  const auto& reply = from.replies[from.next];
  if (from.next + 1 < from.replies.size()) ++from.next;
  return reply;
}

}  // namespace troupe::llm
