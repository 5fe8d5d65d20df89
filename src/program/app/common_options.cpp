#include "program/app/common_options.h"

namespace gtsa::app {

void describe_threads(Fields& f, int64_t& threads) {
  f("threads", &threads, "threads of the arithmetic").between(0).flagged("threads").meaning("0 = usable CPUs");
}

void describe_workers(Fields& f, int64_t& workers, const char* what) {
  f("workers", &workers, what).between(0, 1024).flagged("workers").meaning("0 = a quarter of the CPUs");
}

void describe_max_pixels(Fields& f, int64_t& max_pixels) {
  f("max_pixels", &max_pixels, "larger pictures are refused").in("pixels").between(1).flagged("max-pixels");
}

void describe_no_exif(Fields& f, bool& no_exif) {
  f("no_exif", &no_exif, "do not turn photographs upright by EXIF").flagged("no-exif");
}

void describe_line_format(Fields& f, std::string& format) {
  f("format", &format, "one line a picture, one JSON object a line, or CSV")
      .one_of({"table", "jsonl", "csv"})
      .flagged("format");
}

}  // namespace gtsa::app
