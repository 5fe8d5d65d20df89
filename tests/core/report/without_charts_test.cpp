// Of a build with -DGTSA_REPORT=OFF.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/report/assets.h"
#include "core/report/report.h"

namespace gtsa::report {
namespace {

TEST(ReportWithoutCharts, SaysHowToGetThem) {
  EXPECT_FALSE(has_charts());
  const std::filesystem::path run = "run";
  try {
    render_report({&run, 1}, {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("-DGTSA_REPORT=ON"));
  }
}

}  // namespace
}  // namespace gtsa::report
