#include "support/catch.hpp"

#include <troupe/http/url.hpp>

using troupe::has_same_origin;
using troupe::origin_of;
using troupe::resolved_url;

TEST_CASE("A reference is an address at the one that it came from", "[url]") {
  const auto at = [](const char* reference) {
    return resolved_url("http://host:1/a/mcp?k=v#f", reference);
  };
  CHECK(at("/a/mcp/") == "http://host:1/a/mcp/");
  CHECK(at("mcp/") == "http://host:1/a/mcp/");
  CHECK(at("?x=1") == "http://host:1/a/mcp?x=1");
  CHECK(at("//other/b") == "http://other/b");
  CHECK(at("https://other/b") == "https://other/b");
  CHECK(at("/b?to=http://x") == "http://host:1/b?to=http://x");
  CHECK(at("") == "http://host:1/a/mcp?k=v");
  CHECK(resolved_url("http://host", "b") == "http://host/b");
}

TEST_CASE("An origin is a scheme, a host and a port", "[url]") {
  CHECK(origin_of("HTTP://me:secret@Host:1/a") == "http://host:1");
  CHECK(origin_of("/a").empty());
  CHECK(has_same_origin("http://host/a", "HTTP://HOST:80/b"));
  CHECK(has_same_origin("https://host", "https://me@host:443?x"));
  CHECK(has_same_origin("http://[::1]/a", "http://[::1]:80/a"));
  CHECK_FALSE(has_same_origin("http://host/a", "https://host/a"));
  CHECK_FALSE(has_same_origin("http://host/a", "http://host:81/a"));
  CHECK_FALSE(has_same_origin("http://host/a", "http://host.evil/a"));
  CHECK_FALSE(has_same_origin("http://host/", "http://host@evil/"));
  CHECK_FALSE(has_same_origin("http://host/", "http://evil\\@host/"));
  CHECK_FALSE(has_same_origin("", ""));
}

TEST_CASE("A browser is sent to addresses of web pages only", "[url]") {
  CHECK(troupe::is_web_url("http://h"));
  CHECK(troupe::is_web_url("https://me@h:1/caf\u00e9"));
  CHECK_FALSE(troupe::is_web_url("https://:1"));
  CHECK_FALSE(troupe::is_web_url("httpx://h"));
  CHECK_FALSE(troupe::is_web_url("http:h"));
}
