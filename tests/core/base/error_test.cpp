#include "core/base/error.h"

#include <gtest/gtest.h>

namespace gtsa {
namespace {

TEST(Error, FormatsItsMessage) {
  const Error error("{} has {} bytes", "a.jpg", 3);
  EXPECT_STREQ(error.what(), "a.jpg has 3 bytes");
}

TEST(Error, ChainTellsWhatLedToIt) {
  try {
    try {
      throw Error("no space left");
    } catch (const Error&) {
      std::throw_with_nested(Error("cannot save the run"));
    }
  } catch (const Error& error) {
    EXPECT_EQ(chain(error), "cannot save the run: no space left");
  }
}

TEST(Error, ChainDoesNotStumbleOverWhatIsNoException) {
  try {
    try {
      throw 42;
    } catch (...) {
      std::throw_with_nested(Error("cannot save the run"));
    }
  } catch (const Error& error) {
    EXPECT_EQ(chain(error), "cannot save the run: an exception that is no std::exception");
  }
}

TEST(Check, NamesTheInvariantAndThePlace) {
  try {
    GTSA_CHECK(1 > 2, "one is {} than two", "more");
    FAIL() << "the check passed";
  } catch (const BugError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("one is more than two"), std::string::npos) << text;
    EXPECT_NE(text.find("error_test.cpp"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace gtsa
