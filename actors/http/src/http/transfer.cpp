#include "http/transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <new>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace troupe::detail {

namespace {

/// A head that is longer is not taken.
constexpr std::size_t head_max = std::size_t{256} << 10;
/// libcurl takes no longer line of it, and says that memory ran out.
constexpr std::size_t head_line_max = std::size_t{100} << 10;
constexpr long proxy_wants_credentials = 407;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char each) {
    return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a')
                                      : each;
  });
  return lower;
}

error too_late(const char* what, duration limit, const std::string& url) {
  const auto span =
      std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  return error{errc::timed_out, std::string{what} + " within " +
                                    std::to_string(span.count()) + " ms (" +
                                    server_of(url) + ")"};
}

bool is_out_of_files(int why) { return why == EMFILE || why == ENFILE; }

/// True if another file could be opened. A look-up of a name that could not
/// says no more than that it failed.
bool has_files() {
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (file < 0) return !is_out_of_files(errno);
  close(file);
  return true;
}

curl_easy easy_of(transfer::client_state& where) {
  if (where.idle.empty()) return curl_easy{curl_easy_init()};
  auto idle = std::move(where.idle.back());
  where.idle.pop_back();
  return idle;
}

bool has_memory(std::size_t bytes) {
  const std::unique_ptr<char[]> some{new (std::nothrow) char[bytes]};
  return some != nullptr;
}

}  // namespace

transfer::transfer(exchange_ptr about, client_state& where)
    : about_(std::move(about)),
      where_(where),
      easy_(easy_of(where)),
      began_(clock::steady().now()),
      last_(began_) {
  if (!easy_) throw std::bad_alloc{};
  check(about_->request);
  CURL* const easy = easy_.get();
  headers_ = set_up(easy, about_->request, where.ca_file);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &transfer::on_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &transfer::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &transfer::on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  arm();
}

transfer& transfer::of(CURL* easy) {
  char* found = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
  return *reinterpret_cast<transfer*>(found);
}

transfer::~transfer() {
  where_.timers.cancel(timer_);
  // The kept handles have their places already, so that nothing can fail here.
  if (where_.idle.size() == where_.idle.capacity()) return;
  curl_easy_reset(easy_.get());
  where_.idle.push_back(std::move(easy_));
}

// -- limits -------------------------------------------------------------------

time_point transfer::due() const noexcept {
  const auto& limits = about_->request.limits;
  duration span = limits.idle;
  if (at_ == phase::connecting) span = limits.connect;
  if (at_ == phase::sent) span = limits.first_byte;
  const auto whole = after(began_, limits.total);
  return is_paused_ ? whole : std::min(after(last_, span), whole);
}

// Parts of a response come too often to move the timer for each.
void transfer::arm() {
  where_.timers.cancel(timer_);
  timer_ = where_.timers.arm(due(), this);
}

void transfer::enter(phase next) {
  at_ = next;
  last_ = clock::steady().now();
  arm();
}

void transfer::on_timer() {
  if (has_ended_) return;
  const auto now = clock::steady().now();
  if (now < due()) {
    arm();
    return;
  }
  const auto& url = about_->request.url;
  const auto& limits = about_->request.limits;
  if (now >= after(began_, limits.total)) {
    end(too_late("the response did not end", limits.total, url));
  } else if (at_ == phase::connecting) {
    end(too_late("no connection was established", limits.connect, url));
  } else if (at_ == phase::sent) {
    end(too_late("no response arrived", limits.first_byte, url));
  } else {
    end(too_late("no more of the response arrived", limits.idle, url));
  }
}

// -- what libcurl brings ------------------------------------------------------

curl_socket_t transfer::on_open(void* self, curlsocktype,
                                curl_sockaddr* where) noexcept {
  const int made =
      socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
  if (made >= 0) return made;
  static_cast<transfer*>(self)->socket_fault_ = errno;
  return CURL_SOCKET_BAD;
}

int transfer::on_connected(void* self, char*, char*, int, int) noexcept {
  auto& me = *static_cast<transfer*>(self);
  me.enter(phase::sent);
  return CURL_PREREQFUNC_OK;
}

std::size_t transfer::on_head(char* line, std::size_t, std::size_t size,
                              void* self) noexcept {
  auto& me = *static_cast<transfer*>(self);
  try {
    me.last_ = clock::steady().now();
    if (me.is_shared_) ++me.where_.shared_arrivals;
    me.head_size_ += size;
    if (me.head_size_ > head_max) {
      throw error{errc::too_large, "the response headers have more than " +
                                       std::to_string(head_max) + " bytes"}
          .permanent();
    }
    me.take_head_line({line, size});
    return size;
  } catch (...) {
    me.failure_ = error::from(std::current_exception());
    return 0;
  }
}

void transfer::take_head_line(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    // Informational responses come before the one that counts.
    head_ = {};
    is_shared_ = line.starts_with("HTTP/2");
    const auto space = line.find(' ');
    head_.status = std::atoi(
        std::string{line.substr(std::min(space, line.size()))}.c_str());
    // After an informational response the one that counts may still take long.
    if (head_.status >= 200) enter(phase::receiving);
    return;
  }
  const std::string_view content = trimmed(line);
  if (content.empty()) {
    if (head_.status < 200) return;
    about_->bring_head(std::exchange(head_, {}));
    note_news();
    return;
  }
  const auto colon = content.find(':');
  if (colon == content.npos) return;
  head_.headers.push_back({in_lower_case(trimmed(content.substr(0, colon))),
                           std::string{trimmed(content.substr(colon + 1))}});
}

std::size_t transfer::on_body(char* bytes, std::size_t, std::size_t size,
                              void* self) noexcept {
  auto& me = *static_cast<transfer*>(self);
  if (me.has_ended_) return CURL_WRITEFUNC_ERROR;
  try {
    me.last_ = clock::steady().now();
    if (me.is_shared_) ++me.where_.shared_arrivals;
    return me.take_body({bytes, size}) ? size : CURL_WRITEFUNC_PAUSE;
  } catch (...) {
    me.failure_ = error::from(std::current_exception());
    return CURL_WRITEFUNC_ERROR;
  }
}

// False if the bytes are to come again, once there is room.
bool transfer::take_body(std::string_view bytes) {
  const auto most = about_->request.limits.body_max;
  if (bytes.size() > most - received_) {
    throw error{errc::too_large,
                "the response body has more than http_limits.body_max, " +
                    std::to_string(most) + " bytes"}
        .permanent();
  }
  is_paused_ = !about_->bring_part(bytes, where_.unread_max);
  if (!is_paused_) received_ += bytes.size();
  note_news();
  return !is_paused_;
}

// Parts that come in one piece are noted once.
void transfer::note_news() {
  auto& news = where_.news;
  if (!news.empty() && news.back() == about_) return;
  try {
    news.push_back(about_);
  } catch (const std::bad_alloc&) {
    about_->announce();
  }
}

/// The cause of a failure that libcurl does not tell, or not as it is.
std::optional<error> transfer::explained(CURLcode result) const {
  const auto from = " (" + server_of(about_->request.url) + ")";
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &status);
  if (at_ == phase::connecting && status == proxy_wants_credentials) {
    return error{errc::unauthorized,
                 "the proxy that the environment names did not accept its "
                 "credentials: it answered CONNECT with status 407" +
                     from}
        .permanent();
  }
  if (at_ == phase::connecting && status >= 300) {
    return error{errc::request_failed,
                 "the proxy that the environment names did not connect: it "
                 "answered CONNECT with status " +
                     std::to_string(status) + from};
  }
  if (at_ == phase::connecting &&
      (is_out_of_files(socket_fault_) || !has_files())) {
    return error{errc::overloaded,
                 "cannot connect: the process or the machine cannot open more "
                 "files (see ulimit -n)" +
                     from};
  }
  if (result == CURLE_OUT_OF_MEMORY && at_ != phase::connecting &&
      received_ == 0 && has_memory(head_max)) {
    return error{errc::too_large,
                 "a line of the response headers has more than " +
                     std::to_string(head_line_max) + " bytes" + from}
        .permanent();
  }
  return std::nullopt;
}

void transfer::end(CURLcode result) {
  if (result != CURLE_OK && !failure_) failure_ = explained(result);
  if (result != CURLE_OK && !failure_) {
    failure_ = error_of(result, text_.data(), server_of(about_->request.url),
                        received_);
  }
  has_ended_ = true;
  about_->bring_end(std::move(failure_));
  note_news();
}

void transfer::end(error why) {
  has_ended_ = true;
  about_->bring_end(std::move(why));
  note_news();
}

void transfer::go_on() {
  if (!is_paused_ || has_ended_) return;
  is_paused_ = false;
  last_ = clock::steady().now();
  arm();
  // Brings what was refused, within this call. If that fails, nobody says so
  // later.
  const CURLcode result = curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
  if (result != CURLE_OK) end(result);
}

void transfer::give_up() {
  has_ended_ = true;
  // libcurl before 8.1.0 never frees what it keeps of a paused body if others
  // use the connection. Offered once more and refused, it is freed.
  if (is_paused_) curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
}

}  // namespace troupe::detail
