#include "durable/langgraph.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace troupe::bench {

namespace {

constexpr const char* langgraph_script =
    TROUPE_BENCH_PEERS "/langgraph_sqlite.mjs";

/// Runs a program with its output in `output`. Returns its exit status, or
/// nothing if there is no such program.
std::optional<int> run_program(std::vector<std::string> words,
                               const std::filesystem::path& output) {
  std::vector<char*> arguments;
  for (auto& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t made = 0;
  const int failed = posix_spawnp(&made, arguments.front(), &files, nullptr,
                                  arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed == ENOENT) return std::nullopt;
  if (failed != 0) {
    throw std::system_error{failed, std::generic_category(), words.front()};
  }
  int status = 0;
  while (waitpid(made, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

langgraph_steps measure_langgraph(const durable_options& given,
                                  const std::filesystem::path& file) {
  langgraph_steps found;
  auto output = file;
  output += ".json";
  const auto status = run_program(
      {"node", langgraph_script, given.peers, file.string(),
       std::to_string(given.steps), std::to_string(given.runs),
       std::to_string(given.bytes), std::string{to_string(given.sync)}},
      output);
  if (!status) {
    found.missing = "there is no program 'node'; install Node";
    return found;
  }
  std::ifstream in{output};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto told = nlohmann::json::parse(text, nullptr, false);
  if (*status != 0 || !told.is_object()) {
    throw std::runtime_error{"the steps of LangGraph.js cannot be measured: " +
                             std::string{langgraph_script} +
                             " ends with status " + std::to_string(*status)};
  }
  found.missing = told.value("missing", "");
  if (!found.missing.empty()) return found;
  found.us_per_step = told.at("us_per_step");
  found.bytes_per_step = told.at("bytes_per_step");
  found.version = told.at("version");
  return found;
}

}  // namespace troupe::bench
