#include "core/system_log.hpp"

#include <troupe/error.hpp>
#include <troupe/event.hpp>
#include <troupe/log.hpp>
#include <troupe/printable.hpp>

#include <cstdio>
#include <exception>
#include <new>

namespace troupe {

void log_to_stderr(const std::string& line) {
  const auto all = line + "\n";
  static_cast<void>(std::fwrite(all.data(), 1, all.size(), stderr));
}

namespace detail {

namespace {

/// Runs `work` and says on standard error what it throws.
template <class Work>
void log_by(Work&& work) noexcept {
  try {
    try {
      work();
    } catch (...) {
      const auto why = error::from(std::current_exception());
      log_to_stderr(printable(
          "troupe: the function system_options::log threw: " + why.message(),
          line_breaks::joined, system_log::line_bytes));
    }
  } catch (const std::bad_alloc&) {
    // There is no memory for a line, so there is none.
  }
}

}  // namespace

void system_log::add(std::string_view line, time_point now) noexcept {
  if (!sink_) return;
  log_by([&] {
    const auto before = admit(now);
    if (!before) return;
    if (!before->empty()) sink_(*before);
    sink_(printable(line, line_breaks::joined, line_bytes));
  });
}

void system_log::add(const event& warning, time_point now) noexcept {
  if (!sink_) return;
  log_by([&] {
    std::string line = "troupe: warning: run '" + warning.run + "'";
    if (!warning.node.empty()) line += ", node '" + warning.node + "'";
    add(line + ": " + warning.text, now);
  });
}

void system_log::add_thrown(std::string_view option, std::string_view id,
                            time_point now) noexcept {
  if (!sink_) return;
  const auto thrown = std::current_exception();
  log_by([&] {
    add("troupe: a function given to " + std::string{option} +
            " threw for run '" + std::string{id} +
            "': " + error::from(thrown).message(),
        now);
  });
}

std::optional<std::string> system_log::admit(time_point now) {
  const std::lock_guard lock{mutex_};
  std::string before;
  if (!since_ || now - *since_ >= window) {
    since_ = now;
    told_ = 0;
    if (const auto left = std::exchange(left_out_, 0); left > 0) {
      before = "troupe: " + std::to_string(left) + " lines were left out";
    }
  }
  if (told_ == lines_max) {
    ++left_out_;
    return std::nullopt;
  }
  if (++told_ == lines_max) {
    before = "troupe: " + std::to_string(lines_max) +
             " lines within 10 seconds; some are left out after the next one";
  }
  return before;
}

}  // namespace detail

}  // namespace troupe
