#include "models/model_server_process.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <curl/curl.h>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe::bench {

namespace {

constexpr const char* server_program = TROUPE_MODEL_SERVER;

struct pipe_ends {
  pipe_ends() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error{errno, std::generic_category(), "no pipe"};
    }
    read = ends[0];
    write = ends[1];
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    for (const int each : {read, write}) {
      if (each >= 0) close(each);
    }
  }

  int read = -1;
  int write = -1;
};

std::string line_from(int file) {
  std::string line;
  for (char each = 0; read(file, &each, 1) == 1 && each != '\n';) line += each;
  return line;
}

std::size_t append(char* bytes, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(bytes, size);
  return size;
}

}  // namespace

model_server_process::model_server_process(std::vector<std::string> arguments) {
  pipe_ends input;
  pipe_ends output;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output.write, STDOUT_FILENO);
  arguments.insert(arguments.begin(), server_program);
  std::vector<char*> words;
  for (auto& each : arguments) words.push_back(each.data());
  words.push_back(nullptr);
  const int failed = posix_spawn(&process_, server_program, &files, nullptr,
                                 words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) {
    throw std::system_error{failed, std::generic_category(), server_program};
  }
  input_ = std::exchange(input.write, -1);
  close(std::exchange(output.write, -1));
  const std::string port = line_from(output.read);
  if (port.empty()) {
    throw std::runtime_error{"the model server does not start"};
  }
  url_ = "http://127.0.0.1:" + port + "/v1";
}

model_server_process::~model_server_process() {
  close(input_);
  waitpid(process_, nullptr, 0);
}

model_server_process::counts model_server_process::take_counts() const {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{
      curl_easy_init(), &curl_easy_cleanup};
  std::string body;
  const std::string url = url_.substr(0, url_.rfind('/')) + "/stats";
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode result = curl_easy_perform(easy.get());
  if (result != CURLE_OK) {
    throw std::runtime_error{"the model server does not say what it counted: " +
                             std::string{curl_easy_strerror(result)}};
  }
  const auto told = nlohmann::json::parse(body);
  return {.accepted = told.at("accepted"),
          .rejected = told.at("rejected"),
          .rejected_after_first_second = told.at("rejected_after_first_second"),
          .in_flight_max = told.at("in_flight_max")};
}

void raise_limit_of_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace troupe::bench
