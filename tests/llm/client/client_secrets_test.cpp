// The secrets that a client must not show: they are in each of its options, and
// a server repeats them in everything that it says.

#include "support/catch.hpp"
#include "support/models/each_api.hpp"
#include "support/models/fault_room.hpp"
#include "support/temporary_file.hpp"

#include <troupe/http/detail/redaction.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::detail::secrets;
using troupe::llm::api;
using troupe::llm::chat_request;
using troupe::llm::client_options;

namespace {

secrets of(const std::string& text) {
  secrets made;
  made.add(text);
  return made;
}

/// All that the options of `marked` hold, as a server might repeat it.
const std::string repeated =
    "test-key-SECRET-key Bearer SECRET-header, SECRET-plain user:SECRET-pass "
    "dXNlcjpTRUNSRVQtcGFzcw== SECRET-query SECRET%2Dheader";

/// Options with a secret wherever one may be.
client_options marked(const model_room& room, api which = api::openai_chat) {
  auto how = room.options(which);
  how.api_key = "test-key-SECRET-key";
  how.headers = {{"X-Gateway-Authorization", "Bearer SECRET-header"},
                 {"X-Portkey-Api-Key", "SECRET-plain"}};
  const std::string scheme = "http://";
  how.base_url.replace(0, scheme.size(), scheme + "user:SECRET-pass@");
  how.base_url += "?version=1&subscription-key=SECRET-query";
  return how;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Sets a variable of the environment for as long as it lives.
class variable {
 public:
  variable(const char* name, const char* content) : name_(name) {
    setenv(name, content, 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

// -- texts --------------------------------------------------------------------

TEST_CASE("A secret is found however a peer writes it", "[client_secrets]") {
  const auto hidden = of("ab+/=\"\\cd\xC3\xA9 ef");
  const auto* text =
      GENERATE("ab+/=\"\\cd\xC3\xA9 ef", "ab+\\/=\\\"\\\\cd\xC3\xA9 ef",
               "ab%2B%2f%3D%22%5Ccd%C3%a9%20ef",
               "\\u0061b\\u002b/=\\u0022\\\\cd\\u00e9 ef",
               "ab+/=\\\\\\\"\\\\\\\\cd\xC3\xA9 ef", "ab+/=\"\\cd...");
  INFO(text);
  CHECK(hidden.without(std::string{"<"} + text).starts_with("<(the key)"));
  CHECK(hidden.are_in(text));
}

TEST_CASE("A secret is found behind backslashes of any number",
          "[client_secrets]") {
  // Each of them once was the begin of a look at all that follow.
  const std::string many(2'000'000, '\\');
  const auto hidden = of("sk-secret-1234");
  CHECK_FALSE(hidden.are_in(many));
  CHECK(hidden.without(many + "\"sk-secret-1234") ==
        many + "\"" + std::string{secrets::instead});
  CHECK(hidden.are_in("\\\\u0073k-secret-1234"));
  CHECK(of("\\a-secret-1234").are_in(many + "a-secret-1234"));
}

TEST_CASE("A scheme is no part of a secret", "[client_secrets]") {
  const auto hidden = of("Bearer abcdefgh");
  CHECK(hidden.without("not abcdefgh!") == "not (the key)!");
  CHECK(hidden.without("not Bearer abcdefgh!") == "not (the key)!");
  CHECK(hidden.without("Bearer") == "Bearer");
}

TEST_CASE("A short word stands for no secret", "[client_secrets]") {
  CHECK(of("ollama").without("ollama runs") == "ollama runs");
}

TEST_CASE("The longer of two secrets is found first", "[client_secrets]") {
  auto hidden = of("abcdefgh");
  hidden.add("abcdefgh-more");
  CHECK(hidden.without("abcdefgh-more, abcdefgh") == "(the key), (the key)");
}

TEST_CASE("The secrets of an address are its user and its keys",
          "[client_secrets]") {
  secrets hidden;
  hidden.add_url(
      "https://user:pass%2Bword@host/a?api-version=2024-10-21&X-Api-Key=abc%2F"
      "defgh&sig=short&page=12345678#end");
  CHECK(hidden.without("pass+word") == "(the key)");
  CHECK(hidden.without("user:pass+word") == "(the key)");
  CHECK(hidden.without("dXNlcjpwYXNzK3dvcmQ=") == "(the key)");
  CHECK(hidden.without("abc/defgh") == "(the key)");
  for (const auto* open : {"2024-10-21", "12345678", "host", "short"}) {
    CHECK(hidden.without(open) == open);
  }
}

TEST_CASE("The secrets of headers are not those that anybody may know",
          "[client_secrets]") {
  secrets hidden;
  hidden.add(
      {{"Anthropic-Beta", "context-1m-2025-08-07"}, {"X-Mine", "12345678"}});
  CHECK(hidden.without("context-1m-2025-08-07 12345678") ==
        "context-1m-2025-08-07 (the key)");
}

TEST_CASE("An address that makes no sense shows no password",
          "[client_secrets]") {
  using troupe::detail::shown_url;
  CHECK(shown_url("http://u:p@host/a@b?c=d#e") == "http://host/a@b");
  CHECK(shown_url("http://u:p/q@host/a") == "http://host/a");
  CHECK(shown_url("http://u:p?q@host/a") == "http://host/a");
  CHECK(shown_url("u:p@host") == "host");
  CHECK(shown_url("http://[::1]:80/@cf/x") == "http://[::1]:80/@cf/x");
}

TEST_CASE("The parts of a body are those of what is left of it",
          "[client_secrets]") {
  const auto hidden = of("abcdefgh");
  const auto parts_of = [&](const std::string& text,
                            std::vector<std::size_t> parts) {
    const auto clean = hidden.without(text, parts);
    std::vector<std::string> found;
    std::size_t at = 0;
    for (const auto size : parts) {
      found.push_back(clean.substr(at, size));
      at += size;
    }
    CHECK(at == clean.size());
    return found;
  };
  using texts = std::vector<std::string>;
  CHECK(parts_of("xyabcdefghz", {2, 8, 1}) == texts{"xy", "(the key)", "z"});
  CHECK(parts_of("xyabcdefghz", {4, 4, 3}) == texts{"xy(the key)", "", "z"});
  CHECK(parts_of("abcdefghabcdefgh", {12, 4}) ==
        texts{"(the key)(the key)", ""});
  CHECK(parts_of("xabcdefghy", {1, 1, 1, 7}) ==
        texts{"x", "(the key)", "", "y"});
  CHECK(parts_of("none", {1, 3}) == texts{"n", "one"});
}

// -- clients ------------------------------------------------------------------

TEST_CASE("No error shows what a server repeats of the options",
          "[client_secrets]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  const auto padding = std::string(GENERATE(0UL, 440UL, 480UL), 'x');
  const json body{
      {"type", "error"},
      {"error",
       {{"type", "authentication_error"}, {"message", padding + repeated}}}};
  json reply{{"status", 401}, {"body", body}};
  reply["headers"] = {{"x-request-id", repeated}};
  SECTION("in an error") {}
  SECTION("in an error inside of a 200") { reply["status"] = 200; }
  SECTION("in an error inside of a stream") {
    reply["status"] = 200;
    reply["headers"]["content-type"] = "text/event-stream";
    reply["body"] = "event: error\ndata: " + body.dump() + "\n\n";
  }
  SECTION("in what is no reply") {
    reply["status"] = 200;
    reply["body"] = "<html>" + padding + repeated;
  }
  SECTION("in a place that it leads to") {
    reply["status"] = 307;
    reply["headers"]["location"] = "https://else/" + repeated;
    reply["body"] = "";
  }
  fault_room room{script({rule(reply)})};
  auto how = marked(room, which);
  how.stream = stream;
  const auto why = room.failure(std::move(how));
  INFO(why.describe());
  CHECK_FALSE(has(why.describe(), "SECRET"));
  CHECK_FALSE(has(why.describe(), "dXNlcjpT"));
}

TEST_CASE("A broken exchange shows nothing of the options",
          "[client_secrets]") {
  fault_room room{script({rule({{"fault", "reset_head"}})})};
  CHECK_FALSE(has(room.failure(marked(room)).describe(), "SECRET"));
}

TEST_CASE("A list of models that is refused shows no secret",
          "[client_secrets]") {
  fault_room room{script({rule({{"status", 401}, {"body", repeated}})})};
  const auto model = room.client(marked(room));
  const auto ended =
      room.outcome_of([model](troupe::context&) -> troupe::task<json> {
        auto asking = model.models();
        co_return json(co_await asking);
      });
  REQUIRE(ended.failure);
  CHECK(has(ended.failure->describe(), "401"));
  CHECK_FALSE(has(ended.failure->describe(), "SECRET"));
}

TEST_CASE("Options that make no sense show no secret", "[client_secrets]") {
  client_room room;
  client_options how;
  how.model = "m";
  how.base_url = "http://user:SECRET-pass@";
  SECTION("another scheme") { how.base_url = "ftp://u:SECRET-pass@host/v1"; }
  SECTION("no host") {}
  SECTION("a header of two lines") {
    how.headers = {{"x-a", "SECRET-one\r\nx-b: SECRET-two"}};
  }
  std::string text;
  try {
    text = room.chat_failure(room.client(how), chat_request{"Hi"}).describe();
  } catch (const error& why) {
    text = why.describe();
  }
  INFO(text);
  CHECK_FALSE(has(text, "SECRET"));
}

TEST_CASE("A proxy that has no address does not show", "[client_secrets]") {
  const auto* proxy =
      GENERATE("http://puser:SECRET-pass@127.0.0.1:99999",
               "http://puser:SECRET/pass@127.0.0.1:1",
               "gopher://puser:SECRET-pass@127.0.0.1", "puser:SECRET-pass@[");
  const variable set{"http_proxy", proxy};
  client_room room;
  client_options how;
  how.model = "m";
  how.base_url = "http://model.invalid/v1";
  const auto why = room.chat_failure(room.client(how), chat_request{"Hi"});
  INFO(why.describe());
  CHECK(has(why.message(), "proxy"));
  CHECK_FALSE(has(why.describe(), "SECRET"));
  CHECK_FALSE(has(why.describe(), "puser"));
}

// -- recordings ---------------------------------------------------------------

TEST_CASE("A recording holds no secret, and is answered from without one",
          "[client_secrets]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  const temporary_file file{"secrets.jsonl"};
  fault_room room{script({rule({{"text", "Your key: " + repeated}})})};
  auto how = marked(room, which);
  how.stream = stream;
  how.record_to = file.path;
  const chat_request ask{"Is SECRET-plain my key?"};
  const auto said = room.chat(room.client(how), ask).at("message").at("text");
  CHECK(has(said.get<std::string>(), "SECRET-plain"));
  CHECK(has(content_of(file.path), "(the key)"));
  CHECK_FALSE(has(content_of(file.path), "SECRET"));
  how.record_to.clear();
  how.replay_from = file.path;
  const troupe::llm::client replayed{room.system, how};
  CHECK(has(room.chat(replayed, ask).at("message").at("text"), "(the key)"));
}

TEST_CASE("Only its owner may read a recording", "[client_secrets]") {
  const temporary_file file{"owner.jsonl"};
  fault_room room{script({rule("Done.")})};
  auto how = room.options();
  how.record_to = file.path;
  room.chat(room.client(how), chat_request{"One."});
  struct stat found {};
  REQUIRE(stat(file.path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777U) == 0600U);
  // It goes on where it was.
  room.chat(room.client(how), chat_request{"Two."});
  const auto lines = content_of(file.path);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
}

TEST_CASE("A recording follows no link", "[client_secrets]") {
  const temporary_file file{"target"};
  const temporary_file link{"link"};
  std::filesystem::create_symlink(file.path, link.path);
  client_room room;
  client_options how;
  how.model = "m";
  how.record_to = link.path;
  std::string text;
  try {
    static_cast<void>(room.client(how));
  } catch (const error& why) {
    text = why.message();
  }
  CHECK(has(text, "symbolic link"));
  CHECK_FALSE(std::filesystem::exists(file.path));
}
