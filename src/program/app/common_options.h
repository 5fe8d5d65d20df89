#pragma once
// Options that many commands have, each described once.

#include <cstdint>
#include <string>

#include "core/base/options.h"

namespace gtsa::app {

/// Of the arithmetic; see prepare_arithmetic.
void describe_threads(Fields& f, int64_t& threads);
/// `what` these threads do; see workers_of.
void describe_workers(Fields& f, int64_t& workers, const char* what);
void describe_max_pixels(Fields& f, int64_t& max_pixels);
void describe_no_exif(Fields& f, bool& no_exif);
/// How `gtsa predict` writes what it finds.
void describe_line_format(Fields& f, std::string& format);

}  // namespace gtsa::app
