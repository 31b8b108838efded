#include "troupe/llm/toolbox.hpp"

#include "troupe/gather.hpp"
#include "troupe/printable.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace troupe::llm {

namespace {

constexpr std::size_t called_bytes_max = 100;
constexpr std::size_t names_bytes_max = 2'000;

/// Returns whether the run ends, which is nothing for the model to mend.
bool ends_run(const error& why) {
  return why.code() == errc::cancelled || why.code() == errc::shut_down;
}

task<message> told_of(std::optional<tool> found, tool_call call,
                      std::string others, context& ctx) {
  message told = message::tool(call.id, {});
  try {
    if (!found) {
      throw error{
          errc::missing_key,
          "unknown tool '" +
              printable(call.name, line_breaks::joined, called_bytes_max) +
              "'; the tools are: " + others};
    }
    auto calling = found->call(std::move(call.arguments), ctx);
    auto text = co_await calling;
    told.text = std::move(text);
  } catch (...) {
    const auto why = error::from(std::current_exception());
    if (ends_run(why)) throw;
    told.text = why.message();
    told.is_error = true;
  }
  co_return told;
}

}  // namespace

toolbox::toolbox(std::vector<tool> tools) : tools_(std::move(tools)) {
  for (std::size_t i = 0; i < tools_.size(); ++i) {
    const auto& name = tools_[i].spec().name;
    if (!by_name_.emplace(name, i).second) {
      throw error{errc::bad_flow, "two tools have the name '" + name + "'"};
    }
  }
}

std::vector<tool_spec> toolbox::specs() const {
  std::vector<tool_spec> all;
  all.reserve(tools_.size());
  for (const auto& each : tools_) all.push_back(each.spec());
  return all;
}

const tool* toolbox::find(std::string_view name) const& noexcept {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tools_[found->second];
}

std::string toolbox::names() const {
  std::string all;
  for (std::size_t i = 0; i < tools_.size(); ++i) {
    const auto& name = tools_[i].spec().name;
    if (all.size() + name.size() > names_bytes_max) {
      return all + " and " + std::to_string(tools_.size() - i) + " more";
    }
    all += (all.empty() ? "" : ", ") + name;
  }
  return all;
}

task<std::vector<message>> toolbox::run(std::vector<tool_call> calls,
                                        context& ctx, std::size_t width) const {
  std::string others;
  std::vector<task<message>> all;
  all.reserve(calls.size());
  for (auto& each : calls) {
    std::optional<tool> found;
    if (const auto* known = find(each.name)) {
      found = *known;
    } else if (others.empty()) {
      others = names();
    }
    all.push_back(told_of(std::move(found), std::move(each), others, ctx));
  }
  return carried_out(std::move(all), width);
}

task<std::vector<message>> toolbox::carried_out(std::vector<task<message>> all,
                                                std::size_t width) {
  gather_options options;
  options.width = width;
  auto together = gather(std::move(all), options);
  co_return co_await together;
}

}  // namespace troupe::llm
