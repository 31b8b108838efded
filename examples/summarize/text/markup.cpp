#include "summarize/text/markup.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace summarize {

namespace {

/// libxml2 looks through all open elements for each end tag, so there must be
/// a limit on them for the time to be linear.
constexpr std::size_t open_max = 512;
/// It compares each attribute of a tag with all others, for the same reason.
constexpr std::size_t tag_bytes_max = std::size_t{4} * 1024;
/// Its table of names has a limit on its size, and none on what is in it.
constexpr std::size_t parser_bytes_max = std::size_t{512} * 1024;
/// It is at its end when all elements are closed, so these are open first. That
/// they are not closed by the page it sees to itself.
constexpr std::string_view opening = "<html><body>";
constexpr std::size_t step_bytes_min = 256;
constexpr std::size_t step_bytes_max = std::size_t{4} * 1024;

template <std::size_t Count>
bool is_among(const std::array<std::string_view, Count>& sorted,
              std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

bool is_inline(std::string_view name) {
  static constexpr std::array<std::string_view, 25> names{
      "a",      "abbr", "acronym", "b",  "bdi",  "bdo",   "big",
      "cite",   "code", "dfn",     "em", "font", "i",     "img",
      "kbd",    "mark", "q",       "s",  "samp", "small", "span",
      "strong", "sub",  "tt",      "var"};
  return is_among(names, name);
}

bool is_hidden(std::string_view name) {
  static constexpr std::array<std::string_view, 5> names{
      "head", "script", "style", "template", "title"};
  return is_among(names, name);
}

bool is_raw(std::string_view name) {
  return name == "script" || name == "style";
}

bool is_white_space(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// The text of a page, put together from its elements and text.
class page_text {
 public:
  void open(std::string_view name) {
    ++depth_;
    if (hidden_ > 0 || is_hidden(name)) {
      ++hidden_;
      raw_ = is_raw(name);
      return;
    }
    if (name == "pre") preformatted_ = true;
    if (name == "li" || name == "dd") {
      set_apart("\n- ");
    } else if (name == "td" || name == "th") {
      set_apart(" ");
    } else if (!is_inline(name)) {
      set_apart("\n\n");
    }
  }

  void close(std::string_view name) {
    if (depth_ > 0) --depth_;
    if (hidden_ > 0) {
      --hidden_;
      raw_ = false;
      return;
    }
    if (name == "pre") preformatted_ = false;
    // Nothing was in the item.
    if (name == "li" || name == "dd") border_ = "\n\n";
    if (!is_inline(name) && name != "td" && name != "th") set_apart("\n\n");
  }

  void add(std::string_view text) {
    if (hidden_ > 0) return;
    if (!preformatted_ && is_white_space(text)) {
      if (border_.empty() && !text_.empty()) text_ += ' ';
      return;
    }
    if (!text_.empty()) text_ += border_;
    if (text_.empty() && border_.ends_with("- ")) text_ = "- ";
    border_ = {};
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const bool hard = text.substr(i, 2) == "\u00A0";
      const bool space = hard || c == '\n' || c == '\r' || c == '\t';
      // Line ends in the source mean no more than spaces, except in `pre`.
      text_ += space && (hard || !preformatted_) ? ' ' : c;
      if (hard) ++i;
    }
  }

  /// Forgets which elements are open. Line ends go on to count where they do.
  void begin_anew() {
    depth_ = 0;
    hidden_ = 0;
    raw_ = false;
  }

  [[nodiscard]] bool is_too_deep() const { return depth_ > open_max && !raw_; }
  [[nodiscard]] bool is_raw_text() const { return raw_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  /// Between what was said and what will be, if anything is.
  void set_apart(std::string_view border) {
    if (border_.ends_with("- ")) return;
    if (border_.size() < border.size() || border.ends_with("- ")) {
      border_ = border;
    }
  }

  std::string text_;
  std::string_view border_;
  std::size_t depth_ = 0;
  std::size_t hidden_ = 0;
  bool raw_ = false;
  bool preformatted_ = false;
};

std::string_view view_of(const xmlChar* text) {
  return reinterpret_cast<const char*>(text);
}

/// One libxml2 parser, which reads from `begin` of the page on.
class html_parser {
 public:
  html_parser(page_text& text, std::size_t begin) : text_(text), begin_(begin) {
    xmlInitParser();
    htmlSAXHandler events{};
    events.startElement = [](void* self, const xmlChar* name, const xmlChar**) {
      within(self, [name](auto& parser) { parser.open(view_of(name)); });
    };
    events.endElement = [](void* self, const xmlChar* name) {
      within(self, [name](auto& parser) { parser.close(view_of(name)); });
    };
    events.characters = [](void* self, const xmlChar* bytes, int size) {
      within(self, [bytes, size](auto& parser) {
        parser.text_.add({reinterpret_cast<const char*>(bytes),
                          static_cast<std::size_t>(size)});
      });
    };
    events.cdataBlock = events.characters;
    events.ignorableWhitespace = events.characters;
    need_memory();
    context_.reset(htmlCreatePushParserCtxt(&events, this, nullptr, 0, nullptr,
                                            XML_CHAR_ENCODING_UTF8));
    if (!context_) throw std::bad_alloc();
    htmlCtxtUseOptions(context_.get(),
                       HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                           HTML_PARSE_NOWARNING | HTML_PARSE_NODEFDTD |
                           HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    parse(opening, false);
  }

  /// Reads the next bytes of `page`; where another parser has to go on from, if
  /// this one cannot.
  std::optional<std::size_t> read_some(std::string_view page) {
    // Little at first, as what is behind the end of a page is read again.
    const std::size_t step = std::clamp(fed_, step_bytes_min, step_bytes_max);
    const auto part = page.substr(begin_ + fed_, step);
    fed_ += part.size();
    parse(part, is_done(page));
    if (resume_) return resume_;
    if (is_done(page) || text_.is_raw_text()) return std::nullopt;
    if (const auto behind = behind_long_tag(page)) return behind;
    const std::size_t at = place();
    if (fed_ < parser_bytes_max || at == begin_) return std::nullopt;
    return at;
  }

  [[nodiscard]] bool is_done(std::string_view page) const {
    return begin_ + fed_ == page.size();
  }

 private:
  struct free_context {
    void operator()(htmlParserCtxtPtr context) const {
      htmlFreeParserCtxt(context);
    }
  };

  /// Errors: throws `std::bad_alloc`, as the text would be cut short else.
  void parse(std::string_view part, bool is_last) {
    need_memory();
    // It would write to standard error. The handler is that of the thread.
    xmlSetStructuredErrorFunc(this, [](void* self, xmlErrorPtr what) {
      if (what != nullptr && what->code == XML_ERR_NO_MEMORY) {
        static_cast<html_parser*>(self)->has_no_memory_ = true;
      }
    });
    htmlParseChunk(context_.get(), part.data(), static_cast<int>(part.size()),
                   is_last ? 1 : 0);
    xmlSetStructuredErrorFunc(nullptr, nullptr);
    if (has_no_memory_ || context_->errNo == XML_ERR_NO_MEMORY) {
      throw std::bad_alloc();
    }
  }

  /// libxml2 does not outlive it everywhere that there is no memory left.
  static void need_memory() {
    const auto size = parser_bytes_max * 4;
    // The compiler must not leave it out.
    void* const probe = std::malloc(size);
    if (probe == nullptr) throw std::bad_alloc();
    *static_cast<volatile char*>(probe) = 0;
    std::free(probe);
  }

  /// Does what an event asks for. No exception may pass through the parser.
  template <class F>
  static void within(void* self, const F& work) noexcept {
    auto& parser = *static_cast<html_parser*>(self);
    if (parser.resume_ || parser.has_no_memory_) return;
    try {
      work(parser);
    } catch (const std::bad_alloc&) {
      parser.has_no_memory_ = true;
    }
  }

  [[nodiscard]] std::size_t place() const {
    const long used = xmlByteConsumed(context_.get());
    const long own = used - static_cast<long>(opening.size());
    return begin_ + std::min(fed_, static_cast<std::size_t>(std::max(own, 0L)));
  }

  void open(std::string_view name) {
    text_.open(name);
    if (text_.is_too_deep()) resume_ = place();
  }

  void close(std::string_view name) {
    text_.close(name);
    // The parser is at its end then; the page may not be.
    if (name == "html") resume_ = place();
  }

  /// Returns the place at which the page goes on behind a tag that is too long
  /// to be read.
  [[nodiscard]] std::optional<std::size_t> behind_long_tag(
      std::string_view page) const {
    const std::size_t at = place();
    if (begin_ + fed_ - at <= tag_bytes_max || page[at] != '<') {
      return std::nullopt;
    }
    const char next = page[at + 1];
    const bool is_tag = next == '/' || (next >= 'a' && next <= 'z') ||
                        (next >= 'A' && next <= 'Z');
    if (!is_tag) return std::nullopt;
    return std::min(page.find('>', at), page.size());
  }

  page_text& text_;
  std::size_t begin_;
  std::size_t fed_ = 0;
  std::optional<std::size_t> resume_;
  bool has_no_memory_ = false;
  std::unique_ptr<htmlParserCtxt, free_context> context_;
};

/// The place behind the end of a tag, if `at` is before that end.
std::size_t behind_tag(std::string_view page, std::size_t at) {
  at = std::min(at, page.size());
  if (page.substr(at, 2) == "/>") return at + 2;
  return page.substr(at, 1) == ">" ? at + 1 : at;
}

}  // namespace

bool reads_html() noexcept { return true; }

std::string html_to_text(std::string_view html) {
  std::string page = troupe::as_utf8(html);
  std::replace(page.begin(), page.end(), '\0', ' ');
  page_text text;
  std::size_t begin = 0;
  while (begin < page.size()) {
    html_parser parser(text, begin);
    std::optional<std::size_t> next;
    do {
      next = parser.read_some(page);
    } while (!next && !parser.is_done(page));
    if (!next || *next <= begin) break;
    text.begin_anew();
    begin = behind_tag(page, *next);
  }
  return text.take();
}

}  // namespace summarize
