#include "summarize/text/markup.hpp"

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

using summarize::html_to_text;
using summarize::looks_like_html;

namespace {

std::string repeated(std::string_view part, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += part;
  return text;
}

/// Returns whether there is something to test.
bool is_built_in() {
  if (summarize::reads_html()) return true;
  REQUIRE_THROWS_AS(html_to_text("<html>"), std::runtime_error);
  return false;
}

}  // namespace

TEST_CASE("an HTML page is known by its start", "[markup]") {
  REQUIRE(looks_like_html("\n <!DOCTYPE html><p>x"));
  REQUIRE(looks_like_html("<HTML>"));
  REQUIRE(looks_like_html("<?xml version=\"1.0\"?>\n<html>"));
  REQUIRE_FALSE(looks_like_html("<?xml version=\"1.0\"?>\n<feed>"));
  REQUIRE_FALSE(looks_like_html("How to write <html> by hand"));
  REQUIRE_FALSE(looks_like_html(""));
}

TEST_CASE("tags, comments, scripts and styles are left out", "[markup]") {
  if (!is_built_in()) return;
  const auto text = html_to_text(
      "<head><title>t</title></head><STYLE>p {}</style>"
      "<!-- <p>no</p> --><script>if (a<b) x();</SCRIPT >"
      "<p class=\"a\">One <b>bold</b>\nword.</p>");
  REQUIRE(text == "One bold word.");
}

TEST_CASE("a title is left out wherever it is", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("<html><title>t</title><p>a") == "a");
  REQUIRE(html_to_text("<html><head><title>t</title><body>a") == "a");
}

TEST_CASE("blocks are set apart and list items marked", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("a<h1>b</h1>c") == "a\n\nb\n\nc");
  REQUIRE(html_to_text("a<li>b") == "a\n- b");
  REQUIRE(html_to_text("<pre>a\n b</pre>") == "a\n b");
  REQUIRE(html_to_text("<table><tr><td>a<td>b<tr><td>c</table>") == "a b\n\nc");
}

TEST_CASE("character references are decoded", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("a &amp; b &lt;c&gt;") == "a & b <c>");
  REQUIRE(html_to_text("&#65;&#x20ac;&#X1F600;") == "A\u20AC\U0001F600");
  REQUIRE(html_to_text("a&nbsp;b\u00A0c caf&eacute;") == "a b c caf\u00E9");
}

TEST_CASE("what a page says of its encoding does not count", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("<html><head><meta charset=iso-8859-1></head>"
                       "<p>caf\u00E9</p>") == "caf\u00E9");
  REQUIRE(html_to_text("<?xml version=\"1.0\" encoding=\"UTF-16\"?>"
                       "<html><p>caf\u00E9</p>") == "caf\u00E9");
}

TEST_CASE("broken markup stays as it is or is dropped", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("a < b && c &unknown; d &#xD800; &#; &#x;")
              .find("a < b && c &unknown; d") == 0);
  REQUIRE(html_to_text("a<!-- open") == "a");
  REQUIRE(html_to_text("a<script>open") == "a");
  REQUIRE(html_to_text("a<script>b</script") == "a");
  REQUIRE(html_to_text("a <b").starts_with("a"));
  REQUIRE(html_to_text("").empty());
  for (const char* scrap : {"<", "&", "</", "<!", "<a b='"}) {
    CAPTURE(scrap);
    REQUIRE(html_to_text(scrap).size() <= 1);
  }
}

TEST_CASE("what is behind the end of a page is read", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("<html><body><p>a</p></body></html><p>b</p>") ==
          "a\n\nb");
  REQUIRE(html_to_text("<html>a</html></html>\n<html><head><title>t</title>"
                       "</head><body>b</body></html><p>c") == "a\n\nb\n\nc");
  REQUIRE(html_to_text("</p>a</html></html></div><p>b") == "a\n\nb");
  const std::string many = repeated("<html>a</html>", 400'000);
  REQUIRE(html_to_text(many).size() > 28'000);
}

TEST_CASE("bytes that are no text are replaced", "[markup]") {
  if (!is_built_in()) return;
  REQUIRE(html_to_text("<p>caf\xE9 au lait</p>") == "caf\uFFFD au lait");
  using namespace std::string_view_literals;
  REQUIRE(html_to_text("<p>a\0b</p><p>c</p>"sv) == "a b\n\nc");
}

TEST_CASE("elements may nest as deep as they like", "[markup]") {
  if (!is_built_in()) return;
  const std::size_t bytes = 1'000'000;
  REQUIRE(html_to_text(repeated("<div>", bytes) + "word" +
                       repeated("</div>", bytes)) == "word");
  REQUIRE(html_to_text("one" + repeated("<b>", 10'000) + "two" +
                       repeated("</i>", 10'000) + "<p>three</p>") ==
          "one\n\ntwo\n\nthree");
}

TEST_CASE("what is around a tag that is too long is read", "[markup]") {
  if (!is_built_in()) return;
  std::string tag = "<img src=\"data:" + repeated("x", 100'000) + "\">";
  REQUIRE(html_to_text("<p>one " + tag + "two</p><p>three</p>") ==
          "one \n\ntwo\n\nthree");
  REQUIRE(html_to_text("one<a " + repeated("b ", 100'000)) == "one");
}

TEST_CASE("a long page is read to its end", "[markup]") {
  if (!is_built_in()) return;
  const auto text = html_to_text(
      "<html><style>" + repeated("p {} ", 1'000'000) +
      "</style><p>first</p><script>" + repeated("if (a<b) {} ", 1'000'000) +
      "</script>" + repeated("<p>some words &amp; more</p>\n", 300'000) +
      "<p>last</p></html>");
  REQUIRE(text.starts_with("first\n\nsome words & more\n\nsome words"));
  REQUIRE(text.ends_with("some words & more\n\nlast"));
  REQUIRE(text.find_first_of("<>{}") == std::string::npos);
}

TEST_CASE("no page takes more than time in proportion to it", "[markup]") {
  if (!is_built_in()) return;
  // Each of these took minutes by a reader that looks back or ahead.
  std::string many_names;
  for (int i = 0; many_names.size() < 400'000; ++i) {
    many_names += "<html a" + std::to_string(i) + "=1>";
  }
  REQUIRE(html_to_text(many_names).empty());
  for (const char* part :
       {"<", "<a ", "<!--", "&", "</", "<?", "<!", "<a b='", "&#x", "<p>",
        "<table><td>", "<script>", "<![CDATA["}) {
    CAPTURE(part);
    const std::string page = "<html>" + repeated(part, 400'000);
    // The end, if the parser cannot read it, may be shown twice.
    REQUIRE(html_to_text(page).size() < page.size() + 100);
  }
}
