#include "summarize/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace summarize {

namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);

std::string rate_text(double per_second) {
  char text[32];
  const char* format = per_second < 10 ? "%.1f/s" : "%.0f/s";
  std::snprintf(text, sizeof text, format, per_second);
  return text;
}

std::string duration_text(double seconds) {
  const auto total = static_cast<long long>(std::ceil(seconds));
  char text[48];
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600,
                  total / 60 % 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  }
  return text;
}

std::string bar_text(std::size_t width, std::size_t done, std::size_t total) {
  const std::size_t inner = width - 2;
  const double share =
      total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const auto filled = std::min(
      inner, static_cast<std::size_t>(share * static_cast<double>(inner)));
  std::string bar(inner, ' ');
  std::fill_n(bar.begin(), filled, '=');
  if (filled > 0 && filled < inner) bar[filled - 1] = '>';
  return "[" + bar + "]";
}

}  // namespace

progress_bar::progress_bar(std::ostream& out, options chosen, time_point now)
    : out_(out),
      options_(std::move(chosen)),
      start_(now),
      drawn_(now - redraw_interval) {}

void progress_bar::update(std::size_t done, std::size_t failed,
                          time_point now) {
  done_ = done;
  failed_ = failed;
  if (!options_.enabled || finished_ || now - drawn_ < redraw_interval) return;
  draw(now);
}

void progress_bar::finish(time_point now) {
  if (!options_.enabled || finished_) return;
  finished_ = true;
  draw(now);
  out_ << '\n' << std::flush;
}

std::string progress_bar::line(time_point now) const {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string text =
      std::to_string(done_) + "/" + std::to_string(options_.total) + " files";
  if (failed_ > 0) text += ", " + std::to_string(failed_) + " failed";
  if (tokens_ > 0) text += ", " + std::to_string(tokens_) + " tokens";
  if (done_ > 0 && rate > 0) {
    text += "  " + rate_text(rate);
    if (finished_) {
      text += "  in " + duration_text(seconds);
    } else if (done_ < options_.total) {
      const auto left = static_cast<double>(options_.total - done_);
      text += "  ETA " + duration_text(left / rate);
    }
  }
  // The last column stays free: some terminals wrap when it is filled.
  const std::size_t room = std::max<std::size_t>(options_.columns(), 2) - 1;
  if (text.size() >= room) return text.substr(0, room);
  const std::size_t width = std::min<std::size_t>(room - text.size() - 1, 40);
  if (width < 6) return text;
  return bar_text(width, done_, options_.total) + " " + text;
}

void progress_bar::draw(time_point now) {
  drawn_ = now;
  out_ << "\r\x1b[K" << line(now) << std::flush;
}

bool stderr_is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 &&
         (kind == nullptr || std::string_view(kind) != "dumb");
}

std::size_t stderr_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return 80;
  }
  return size.ws_col;
}

}  // namespace summarize
