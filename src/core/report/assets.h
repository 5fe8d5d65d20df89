#pragma once
#include <string_view>

namespace gtsa::report {

/// False where the program was built with -DGTSA_REPORT=OFF: the library that draws the charts is then absent.
bool has_charts();

/// Text of a file of web/ or of uPlot by its bare name ("style.css", "uPlot.min.css").
std::string_view asset(std::string_view name);

}  // namespace gtsa::report
