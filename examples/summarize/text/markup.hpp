#pragma once

#include <string>
#include <string_view>

namespace summarize {

/// Returns whether `text` starts as an HTML page does.
[[nodiscard]] bool looks_like_html(std::string_view text);

/// Returns whether the program was built with libxml2, which `html_to_text`
/// needs.
[[nodiscard]] bool reads_html() noexcept;

/// The words of an HTML page, without tags, scripts, styles and the head.
///
/// Paragraphs, headings, table rows and the like are set apart by blank lines,
/// list items start with `- `, character references are decoded. Broken markup
/// loses words at worst. Takes time proportional to the length of the page,
/// whatever is in it: a tag of more than 4 KiB may be left out, and elements
/// that nest deeper than 512 are taken as if the page began anew there.
///
/// Errors: throws std::runtime_error where `reads_html` is false, and
/// std::bad_alloc.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] std::string html_to_text(std::string_view html);

}  // namespace summarize
