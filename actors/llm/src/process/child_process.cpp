#include "process/child_process.hpp"

#include <troupe/clock.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

extern char** environ;

namespace troupe::llm::detail {

namespace {

using namespace std::chrono_literals;

/// The time that a program may take to end when its input is closed, and again
/// when it is asked to terminate.
constexpr auto patience = 1s;
/// So much of what it writes to standard error is kept, and twice that at most
/// until it is cut.
constexpr std::size_t error_tail_max = 8'192;
/// Reads of it in a row.
constexpr int error_reads_max = 64;

[[noreturn]] void fail(const std::string& program, int why) {
  throw error{errc::request_failed, "the program '" + printable(program) +
                                        "' cannot be started: " +
                                        std::generic_category().message(why)}
      .permanent();
}

/// Two ends of a connection; closed unless taken.
struct connection {
  enum class kind : std::uint8_t {
    /// A write to one that is closed is no signal.
    sockets,
    /// Its first end is for reading. A program can open it by a path.
    pipe,
  };

  connection(const std::string& program, kind what) {
    const int failed =
        what == kind::pipe
            ? pipe2(ends.data(), O_CLOEXEC)
            : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
    if (failed != 0) fail(program, errno);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    for (const int each : ends) {
      if (each >= 0) close(each);
    }
  }

  /// Our end, which does not block.
  int take() {
    fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK);
    return std::exchange(ends[0], -1);
  }

  std::array<int, 2> ends{-1, -1};
};

/// The attributes that the program is started with: a group of its own, so that
/// its end is that of what it starts, and no blocked signals.
struct plan {
  plan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  plan(const plan&) = delete;
  plan& operator=(const plan&) = delete;
  ~plan() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& each : texts) all.push_back(each.data());
  all.push_back(nullptr);
  return all;
}

/// Returns whether a variable is one that programs need to run, or one that
/// says how they speak to people. All else may be a key, as those of models
/// are.
bool is_needed(std::string_view name) {
  static constexpr std::array<std::string_view, 32> needed = {
      "PATH",
      "HOME",
      "USER",
      "LOGNAME",
      "SHELL",
      "TERM",
      "TZ",
      "TMPDIR",
      "SSL_CERT_FILE",
      "SSL_CERT_DIR",
      "LANG",
      "LANGUAGE",
      "LC_ALL",
      "LC_ADDRESS",
      "LC_COLLATE",
      "LC_CTYPE",
      "LC_IDENTIFICATION",
      "LC_MEASUREMENT",
      "LC_MESSAGES",
      "LC_MONETARY",
      "LC_NAME",
      "LC_NUMERIC",
      "LC_PAPER",
      "LC_TELEPHONE",
      "LC_TIME",
      "XDG_CACHE_HOME",
      "XDG_CONFIG_DIRS",
      "XDG_CONFIG_HOME",
      "XDG_DATA_DIRS",
      "XDG_DATA_HOME",
      "XDG_RUNTIME_DIR",
      "XDG_STATE_HOME"};
  return std::find(needed.begin(), needed.end(), name) != needed.end();
}

std::vector<std::string> environment_of(const mcp_command& command) {
  const auto is_given = [&](std::string_view name) {
    return std::any_of(command.environment.begin(), command.environment.end(),
                       [&](const auto& own) { return own.first == name; });
  };
  const auto& more = command.inherit;
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable{*each};
    const auto name = variable.substr(0, variable.find('='));
    const bool is_wanted =
        is_needed(name) ||
        std::find(more.begin(), more.end(), name) != more.end();
    if (is_wanted && !is_given(name)) all.emplace_back(variable);
  }
  for (const auto& [name, content] : command.environment) {
    all.push_back(name + "=" + content);
  }
  return all;
}

std::string told_by(int status) {
  if (WIFSIGNALED(status)) {
    return "was ended by signal " + std::to_string(WTERMSIG(status));
  }
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

child_process::child_process(const mcp_command& command) {
  using kind = connection::kind;
  connection in{command.program, kind::sockets};
  connection out{command.program, kind::sockets};
  std::optional<connection> errors;
  plan how;
  posix_spawn_file_actions_adddup2(&how.actions, in.ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&how.actions, out.ends[1], STDOUT_FILENO);
  if (!command.shows_errors) {
    errors.emplace(command.program, kind::pipe);
    error_tail_.reserve(2 * error_tail_max);
    posix_spawn_file_actions_adddup2(&how.actions, errors->ends[1],
                                     STDERR_FILENO);
  }
  // Sockets of libraries among them, which would stay open with it.
  posix_spawn_file_actions_addclosefrom_np(&how.actions, STDERR_FILENO + 1);
  if (!command.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&how.actions,
                                         command.directory.c_str());
  }
  std::vector<std::string> words{command.program};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  auto variables = environment_of(command);
  const int why =
      posix_spawnp(&id_, command.program.c_str(), &how.actions, &how.attributes,
                   pointers_to(words).data(), pointers_to(variables).data());
  if (why != 0) fail(command.program, why);
  handle_ = static_cast<int>(syscall(SYS_pidfd_open, id_, 0));
  input_ = in.take();
  output_ = out.take();
  if (errors) errors_ = errors->take();
}

child_process::~child_process() {
  end();
  for (const int each : {handle_, input_, output_, errors_}) {
    if (each >= 0) close(each);
  }
}

void child_process::read_errors() noexcept {
  std::array<char, error_tail_max> some;
  for (int i = 0; i < error_reads_max && errors_ >= 0; ++i) {
    const auto got = read(errors_, some.data(), some.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      close(std::exchange(errors_, -1));
      return;
    }
    // The part in use stays below the part that was reserved.
    if (error_tail_.size() > error_tail_max) {
      error_tail_.erase(0, error_tail_.size() - error_tail_max);
      has_more_errors_ = true;
    }
    error_tail_.append(some.data(), static_cast<std::size_t>(got));
  }
}

std::string_view child_process::last_errors() const noexcept {
  std::string_view tail = error_tail_;
  if (!has_more_errors_) return tail;
  const auto line = tail.find('\n');
  // Of a long line the half that may begin in the middle of a key is left out.
  tail.remove_prefix(line == tail.npos ? tail.size() / 2 : line + 1);
  return tail;
}

std::string child_process::wait_for(std::chrono::milliseconds limit) {
  if (!how_it_ended_.empty() || id_ < 0) return how_it_ended_;
  const auto end = after(clock::steady().now(), limit);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        end - clock::steady().now());
    std::array<pollfd, 2> files{{{handle_, POLLIN, 0}, {errors_, POLLIN, 0}}};
    const int ready = poll(files.data(), files.size(),
                           static_cast<int>(std::max(left, 0ms).count()));
    const bool is_interrupted = ready < 0 && errno == EINTR;
    read_errors();
    if (ready > 0 && files[0].revents != 0) break;
    if (left <= 0ms || (ready <= 0 && !is_interrupted)) return {};
  }
  int status = 0;
  if (waitpid(id_, &status, WNOHANG) == id_) how_it_ended_ = told_by(status);
  return how_it_ended_;
}

void child_process::end() noexcept {
  if (id_ < 0) return;
  close(std::exchange(input_, -1));
  if (wait_for(patience).empty()) {
    kill(-id_, SIGTERM);
    if (wait_for(patience).empty()) {
      kill(-id_, SIGKILL);
      waitpid(id_, nullptr, 0);
    }
  }
  // Also ends the programs that it has started and left behind.
  kill(-id_, SIGKILL);
  id_ = -1;
}

}  // namespace troupe::llm::detail
