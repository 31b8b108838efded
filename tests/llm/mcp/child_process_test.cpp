#include "process/child_process.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace std::chrono_literals;
using troupe::llm::mcp_command;
using troupe::llm::detail::child_process;

namespace {

mcp_command shell(const std::string& script) {
  mcp_command command;
  command.program = "sh";
  command.arguments = {"-c", script};
  return command;
}

/// All that a program writes until nobody holds its output any more.
std::string output_of(child_process& program) {
  std::string all;
  for (;;) {
    pollfd file{program.output(), POLLIN, 0};
    if (poll(&file, 1, 10'000) != 1) return all + " (and holds on)";
    char some[4096];
    const auto got = read(program.output(), some, sizeof some);
    if (got <= 0) return all;
    all.append(some, static_cast<std::size_t>(got));
  }
}

}  // namespace

TEST_CASE("A program gets none of our files", "[child_process]") {
  const int ours = dup(STDOUT_FILENO);
  child_process program{
      shell("for file in 3 4 5 6 7 8 9; do "
            "test -e /proc/self/fd/$file && echo $file; "
            "done; echo end")};
  CHECK(output_of(program) == "end\n");
  close(ours);
}

TEST_CASE("A program gets the variables that it needs or is given",
          "[child_process]") {
  setenv("TROUPE_TEST_API_KEY", "a key", 1);
  setenv("TROUPE_TEST_PATH", "a path", 1);
  setenv("LC_PAPER", "a word", 1);
  setenv("LC_TROUPE_TEST_TOKEN", "a token", 1);
  setenv("XDG_TROUPE_TEST_TOKEN", "a token", 1);
  auto command = shell(
      "echo \"$TROUPE_TEST_API_KEY,$TROUPE_TEST_PATH,$LC_PAPER,$OWN\"; "
      "env | grep a.token; "
      "test -n \"$PATH\" && echo path");
  command.environment = {{"OWN", "own"}};
  command.inherit = {"TROUPE_TEST_PATH", "TROUPE_TEST_NONE"};
  child_process program{command};
  CHECK(output_of(program) == ",a path,a word,own\npath\n");
}

TEST_CASE("A program tells how it ended", "[child_process]") {
  child_process program{shell("exit 3")};
  CHECK(program.wait_for(10s) == "ended with status 3");
}

TEST_CASE("A program can write any number of errors, and the last are kept",
          "[child_process]") {
  child_process program{
      shell("i=0; while [ $i -lt 20000 ]; do echo \"a line of errors $i\"; "
            "i=$((i + 1)); done >&2; echo last >/dev/stderr; exit 3")};
  CHECK(program.wait_for(60s) == "ended with status 3");
  const auto last = program.last_errors();
  CHECK(last.size() < 20'000);
  CHECK(last.starts_with("a line of errors "));
  CHECK(last.ends_with("a line of errors 19999\nlast\n"));
}

TEST_CASE("With a program ends what it has started", "[child_process]") {
  int handle = -1;
  {
    child_process program{shell("sleep 1000 >/dev/null & echo $!")};
    const int id = std::stoi(output_of(program));
    handle = static_cast<int>(syscall(SYS_pidfd_open, id, 0));
  }
  REQUIRE(handle >= 0);
  pollfd end{handle, POLLIN, 0};
  CHECK(poll(&end, 1, 10'000) == 1);
  close(handle);
}
