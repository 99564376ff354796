#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/progress.hpp"

namespace medius::apps {

/// A browser that can print, from the folders of the PATH: chromium, chromium-browser,
/// google-chrome, google-chrome-stable or chrome, the first there is; empty where there is none.
[[nodiscard]] std::string FindChromium();

/// Prints a page to PDF as its own print style says, in a browser with a fresh profile. The file
/// takes its place when it is whole.
///
/// @param html  the whole page, which needs nothing else.
/// @param control  asked while the browser works whether to stop.
/// @throws NotComputed where there is no browser or it does not print within a minute; InputError
///         where the file cannot be written; Cancelled.
void PrintToPdf(std::string_view html, const std::filesystem::path& pdf,
                const WorkControl& control);

}  // namespace medius::apps
