#include "remote/remote_worker_processes.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace troupe::bench {

namespace {

constexpr const char* own_program = "/proc/self/exe";

std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error{errno, std::generic_category(), "no pipe"};
  }
  return ends;
}

std::uint16_t port_from(int file) {
  std::string line;
  for (char each = 0; read(file, &each, 1) == 1 && each != '\n';) line += each;
  if (line.empty()) throw std::runtime_error{"a worker does not start"};
  return static_cast<std::uint16_t>(std::stoul(line));
}

}  // namespace

remote_worker_processes::remote_worker_processes(
    std::size_t count, const remote_worker_options& how) {
  for (std::size_t i = 0; i < count; ++i) start(how);
  if (how.join != 0) return;
  for (const auto& each : children_) ports_.push_back(port_from(each.output));
}

remote_worker_processes::~remote_worker_processes() {
  for (const auto& each : children_) close(each.input);
  for (const auto& each : children_) {
    waitpid(each.process, nullptr, 0);
    close(each.output);
  }
}

void remote_worker_processes::start(const remote_worker_options& how) {
  std::vector<std::string> arguments{
      "troupe_bench", "remote-worker",
      "--threads",    std::to_string(how.threads),
      "--capacity",   std::to_string(how.capacity),
      "--join",       std::to_string(how.join)};
  if (!how.certificates.empty()) {
    arguments.insert(arguments.end(), {"--certificates", how.certificates});
  }
  std::vector<char*> words;
  for (auto& each : arguments) words.push_back(each.data());
  words.push_back(nullptr);
  const auto input = new_pipe();
  const auto output = new_pipe();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output[1], STDOUT_FILENO);
  child made{-1, input[1], output[0]};
  const int failed = posix_spawn(&made.process, own_program, &files, nullptr,
                                 words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(input[0]);
  close(output[1]);
  if (failed != 0) {
    close(input[1]);
    close(output[0]);
    throw std::system_error{failed, std::generic_category(), own_program};
  }
  children_.push_back(made);
}

}  // namespace troupe::bench
