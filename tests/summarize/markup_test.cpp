#include "summarize/markup.hpp"

#include "support/catch.hpp"

using summarize::html_to_text;
using summarize::looks_like_html;

TEST_CASE("an HTML page is known by its start", "[markup]") {
  REQUIRE(looks_like_html("\n <!DOCTYPE html><p>x"));
  REQUIRE(looks_like_html("<HTML>"));
  REQUIRE(looks_like_html("<?xml version=\"1.0\"?>\n<html>"));
  REQUIRE_FALSE(looks_like_html("<?xml version=\"1.0\"?>\n<feed>"));
  REQUIRE_FALSE(looks_like_html("How to write <html> by hand"));
  REQUIRE_FALSE(looks_like_html(""));
}

TEST_CASE("tags, comments, scripts and styles are left out", "[markup]") {
  const auto text = html_to_text(
      "<head><title>t</title></head><STYLE>p {}</style>"
      "<!-- <p>no</p> --><script>if (a<b) x();</SCRIPT >"
      "<p class=\"a\">One <b>bold</b>\nword.</p>");
  REQUIRE(text.find("One bold word.") != std::string::npos);
  for (const char* gone : {"<", ">", "no", "p {}", "x()", "class"}) {
    CAPTURE(gone);
    REQUIRE(text.find(gone) == std::string::npos);
  }
}

TEST_CASE("blocks are set apart and list items marked", "[markup]") {
  REQUIRE(html_to_text("a<h1>b</h1>c") == "a\n\nb\n\nc");
  REQUIRE(html_to_text("a<li>b") == "a\n- b");
  REQUIRE(html_to_text("<pre>a\n b</pre>") == "\n\na\n b\n\n");
}

TEST_CASE("character references are decoded", "[markup]") {
  REQUIRE(html_to_text("a &amp; b &lt;c&gt;") == "a & b <c>");
  REQUIRE(html_to_text("&#65;&#x20ac;&#X1F600;") == "A\u20AC\U0001F600");
}

TEST_CASE("broken markup stays as it is or is dropped", "[markup]") {
  REQUIRE(html_to_text("a < b && c &unknown; &#xD800; &#; &#x;") ==
          "a < b && c &unknown; &#xD800; &#; &#x;");
  REQUIRE(html_to_text("a <b") == "a <b");
  REQUIRE(html_to_text("a<!-- open") == "a");
  REQUIRE(html_to_text("a<script>open") == "a");
  REQUIRE(html_to_text("a<script>b</script") == "a");
  REQUIRE(html_to_text("<") == "<");
  REQUIRE(html_to_text("&") == "&");
}
