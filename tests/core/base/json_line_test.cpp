#include "core/base/json_line.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace gtsa {
namespace {

TEST(JsonLine, IsOneLineOfUtf8WhateverTheNames) {
  EXPECT_EQ(json_line(nlohmann::json{{"file", "a\n\xC3\xA9\xFF.jpg"}}), "{\"file\":\"a\\n\xC3\xA9\xEF\xBF\xBD.jpg\"}");
}

TEST(JsonLine, KeepsTheOrderOfAnOrderedOneAndHasNullForNoNumber) {
  const nlohmann::ordered_json json{{"b", std::numeric_limits<double>::quiet_NaN()}, {"a", 0.1}};
  EXPECT_EQ(json_line(json), "{\"b\":null,\"a\":0.1}");
}

}  // namespace
}  // namespace gtsa
