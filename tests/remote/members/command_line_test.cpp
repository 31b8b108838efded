#include "support/catch.hpp"

#include <troupe/remote/command_line.hpp>

#include <algorithm>
#include <string>
#include <vector>

using troupe::remote::cluster_arguments;

namespace {

cluster_arguments read(std::vector<std::string> words) {
  // CLI11 takes them from the end.
  std::reverse(words.begin(), words.end());
  CLI::App app;
  cluster_arguments into;
  add_cluster_options(app, into);
  app.parse(std::move(words));
  return into;
}

void check_refused(const std::vector<std::string>& words,
                   const std::string& text) {
  CHECK_THROWS_WITH(read(words), Catch::Matchers::Contains(text));
}

}  // namespace

TEST_CASE("A program is in no cluster unless told so", "[remote]") {
  const auto chosen = read({});
  CHECK_FALSE(chosen.listen);
  CHECK_FALSE(chosen.join);
  CHECK_FALSE(chosen.network().tls);
}

TEST_CASE("A supervisor's command line says where it listens", "[remote]") {
  CHECK(read({"--listen", "4242"}).listen->text() == "127.0.0.1:4242");
  CHECK(read({"--listen", "[::]:0"}).listen->text() == "[::]:0");
}

TEST_CASE("A worker's command line says where it joins", "[remote]") {
  const auto chosen = read({"--worker", "--join", "example.org:4242"});
  CHECK(chosen.join->text() == "example.org:4242");
  CHECK_FALSE(chosen.listen);
}

TEST_CASE("TLS is asked for by its files and names", "[remote]") {
  const auto tls = read({"--listen", "0.0.0.0:1", "--cert", "c", "--key", "k",
                         "--ca", "a", "--peer", "one", "--peer", "two"})
                       .network()
                       .tls;
  REQUIRE(tls);
  CHECK(tls->certificate == "c");
  CHECK(tls->key == "k");
  CHECK(tls->authorities == "a");
  CHECK(tls->peers == std::vector<std::string>{"one", "two"});
}

TEST_CASE("Cluster options that make no sense are refused", "[remote]") {
  check_refused({"--worker"}, "--join");
  check_refused({"--join", "a:1"}, "--worker");
  check_refused({"--listen", "65536"}, "is not HOST:PORT");
  check_refused({"--listen", "host:x"}, "is not HOST:PORT");
  check_refused({"--listen", ":1"}, "is not HOST:PORT");
  check_refused({"--listen", "1", "--worker", "--join", "a:1"}, "excludes");
  check_refused({"--listen", "1", "--cert", "c.pem"}, "--cert requires");
  check_refused({"--listen", "1", "--peer", "n"}, "--cert");
}
