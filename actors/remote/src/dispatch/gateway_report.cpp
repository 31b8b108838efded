#include "dispatch/gateway_report.hpp"

#include "caf/caf_version_modules.hpp"
#include "wire/peer_limits.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace troupe::remote {

namespace {

std::int64_t whole_ms(duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

}  // namespace

std::shared_ptr<const json> shown_hello(const wire::hello& said) {
  json labels = json::array();
  for (const auto& each : said.labels) {
    if (labels.size() == peer_limits::names_shown) break;
    labels.push_back(each);
  }
  json flows = json::array();
  for (const auto& [name, form] : said.flows) {
    if (flows.size() == peer_limits::names_shown) break;
    flows.push_back(name);
  }
  json shown = {{"name", said.name},
                {"labels", std::move(labels)},
                {"capacity", said.capacity},
                {"flows", std::move(flows)},
                {"troupe", said.troupe}};
  return std::make_shared<const json>(std::move(shown));
}

json gateway_report::form() const {
  json all = json::array();
  for (const auto& each : workers) {
    json one = *each.said;
    one["held"] = each.held;
    one["done"] = each.done;
    one["silent_ms"] = whole_ms(each.silent);
    one["joined_s"] = whole_ms(each.joined) / 1000;
    one["draining"] = each.is_draining;
    all.push_back(std::move(one));
  }
  return {{"protocol", wire::protocol},
          {"troupe", TROUPE_VERSION},
          {"caf", detail::caf_version_text()},
          {"workers", std::move(all)},
          {"waiting", waiting},
          {"leased", leased}};
}

}  // namespace troupe::remote
