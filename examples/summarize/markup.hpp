#pragma once

#include <string>
#include <string_view>

namespace summarize {

/// Whether `text` starts as an HTML page does.
[[nodiscard]] bool looks_like_html(std::string_view text);

/// The words of an HTML page, without tags, scripts and styles.
///
/// Paragraphs, headings, table rows and the like are set apart by blank lines,
/// list items start with `- `, the common character references are decoded.
/// Broken markup loses words at worst.
/// Thread safety: free of shared data.
[[nodiscard]] std::string html_to_text(std::string_view html);

}  // namespace summarize
