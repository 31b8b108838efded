#include "troupe/llm/recording.hpp"

#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace troupe::llm {

namespace {

constexpr std::array<std::string_view, 6> kept_headers = {
    "content-type", "retry-after",  "retry-after-ms",
    "request-id",   "x-request-id", "x-should-retry"};

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
  auto parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? json(text) : parsed;
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

recorded_reply reply_in(const json& form) {
  recorded_reply reply;
  form.at("status").get_to(reply.response.status);
  for (const auto& [name, content] : form.at("headers").items()) {
    reply.response.headers.push_back({name, content.get<std::string>()});
  }
  form.at("body").get_to(reply.response.body);
  if (form.contains("parts")) form.at("parts").get_to(reply.parts);
  const auto sum =
      std::accumulate(reply.parts.begin(), reply.parts.end(), std::size_t{0});
  if (!reply.parts.empty() && sum != reply.response.body.size()) {
    refuse("its parts are not those of its body");
  }
  return reply;
}

}  // namespace

std::string recording::line_of(const http_request& request,
                               const recorded_reply& reply) {
  try {
    const json form = {{"request", form_of(request)},
                       {"response", form_of(reply)}};
    return form.dump();
  } catch (const json::exception&) {
    refuse("an exchange that is not UTF-8 cannot be recorded");
  }
}

void recording::add(std::string_view lines) {
  std::size_t number = 0;
  while (!lines.empty()) {
    ++number;
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      const json form = json::parse(line);
      known_[form.at("request").dump()].replies.push_back(
          reply_in(form.at("response")));
      ++size_;
    } catch (const std::exception& fault) {
      refuse("line " + std::to_string(number) +
             " of the recording is no exchange: " + fault.what());
    }
  }
}

const recorded_reply& recording::next(const http_request& request) {
  std::string key;
  try {
    key = form_of(request).dump();
  } catch (const json::exception&) {
    refuse("the request is not UTF-8");
  }
  const auto found = known_.find(key);
  if (found == known_.end()) {
    throw error{errc::request_failed,
                "the recording has no answer to this request, " +
                    request.method + " " + path_of(request.url)}
        .permanent();
  }
  auto& from = found->second;
  const auto& reply = from.replies[from.next];
  if (from.next + 1 < from.replies.size()) ++from.next;
  return reply;
}

}  // namespace troupe::llm
