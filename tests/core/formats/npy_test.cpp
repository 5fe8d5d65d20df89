#include "core/formats/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A version 1.0 file with this dictionary and this many zero bytes behind it.
std::string file_of(const std::string& dictionary, size_t data_bytes) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(dictionary.size() & 0xFF);
  file += static_cast<char>(dictionary.size() >> 8);
  return file + dictionary + std::string(data_bytes, '\0');
}

std::string refusal(std::string_view file) {
  try {
    parse_npy(bytes_of(file));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Npy, HeaderIsTheOneThatNumPyWrites) {
  const std::string header = npy_header(Dtype::f32, std::vector<int64_t>{3, 4});
  EXPECT_EQ(header.size(), 128u);
  EXPECT_EQ(header.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_THAT(header, HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   "));
  EXPECT_EQ(header.back(), '\n');
  EXPECT_THAT(npy_header(Dtype::u8, std::vector<int64_t>{5}), HasSubstr("'shape': (5,), }"));
  EXPECT_THAT(npy_header(Dtype::i64, {}), HasSubstr("'descr': '<i8', 'fortran_order': False, 'shape': (), }"));
  EXPECT_THROW(npy_header(Dtype::bf16, {}), Error);
}

TEST(Npy, ComesBackAsWritten) {
  for (uint64_t trial = 0; trial < 1000; ++trial) {
    Rng rng({.seed = 5, .sample = trial});
    NpyArray array;
    do array.dtype = static_cast<Dtype>(rng.below(15));
    while (array.dtype == Dtype::bf16 || array.dtype == Dtype::f8_e4m3 || array.dtype == Dtype::f8_e5m2);
    size_t bytes = size_of(array.dtype);
    for (uint32_t axis = rng.below(4); axis > 0; --axis) {
      array.shape.push_back(rng.below(5));
      bytes *= static_cast<size_t>(array.shape.back());
    }
    std::string data(bytes, '\0');
    for (char& c : data) c = static_cast<char>(rng.bits());
    const std::string file = npy_header(array.dtype, array.shape) + data;
    const NpyArray back = parse_npy(bytes_of(file));
    ASSERT_EQ(back.dtype, array.dtype);
    ASSERT_EQ(back.shape, array.shape);
    ASSERT_TRUE(std::equal(data.begin(), data.end(), reinterpret_cast<const char*>(back.data.data())));
  }
}

TEST(Npy, IsReadFromAFileThatErrorsName) {
  const test::TemporaryFolder folder;
  write_npy(real_files(), folder / "a.npy", {Dtype::u8, {2, 3}, bytes_of("abcdef")});
  EXPECT_THAT(NpyFile(folder / "a.npy").array().shape, ElementsAre(2, 3));
  write_atomically(real_files(), folder / "b.npy", "no array");
  try {
    NpyFile{folder / "b.npy"};
    ADD_FAILURE() << "read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("b.npy"));
  }
}

TEST(Npy, ReadsTheSpacingAndVersionsOfOtherWriters) {
  const std::string file = file_of("{\"descr\": 1}", 0);
  EXPECT_NE(refusal(file), "");
  EXPECT_EQ(refusal(file_of("{'shape':(2,2),'fortran_order':False,'descr':'|u1'}", 4)), "");
  EXPECT_EQ(refusal(file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", 8)), "");
  const std::string dictionary = "{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }\n";
  const std::string second =
      std::string("\x93NUMPY\x02\x00", 8) + static_cast<char>(dictionary.size()) + std::string(3, '\0');
  EXPECT_EQ(refusal(second + dictionary + "\x01"), "");
}

TEST(Npy, RefusesBadFilesWithTheReasonAndTheByte) {
  const std::string good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }";
  ASSERT_EQ(refusal(file_of(good, 4)), "");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return file_of(text.replace(text.find(from), from.size(), to), 4);
  };
  EXPECT_THAT(refusal(""), HasSubstr("does not begin with"));
  EXPECT_THAT(refusal("\x93NUMPY"), HasSubstr("version 0 is not known (byte 6)"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x09\x00", 8)), HasSubstr("version 9 is not known (byte 6)"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x01\x00\x05", 9)), HasSubstr("ends inside the header's length (byte 9)"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x01\x00\x05\x00", 10)),
              HasSubstr("a header of 5 bytes in a file of 10 (byte 8)"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", 12)),
              HasSubstr("more than the 1048576 allowed (byte 8)"));
  EXPECT_THAT(refusal(file_of(good, 3)), HasSubstr("3 bytes of elements where the shape needs 4 (byte 69)"));
  EXPECT_THAT(refusal(file_of(good, 5)), HasSubstr("5 bytes of elements where the shape needs 4 (byte 69)"));
  EXPECT_THAT(refusal(with("|u1", ">u2")), HasSubstr("elements of type \">u2\" are not read"));
  EXPECT_THAT(refusal(with("|u1", "|O")), HasSubstr("elements of type \"|O\" are not read"));
  EXPECT_THAT(refusal(with("False", "True")), HasSubstr("Fortran order"));
  EXPECT_THAT(refusal(with("False", "Maybe")), HasSubstr("neither True nor False"));
  EXPECT_THAT(refusal(with("(2, 2)", "(2, -2)")), HasSubstr("not a whole number"));
  EXPECT_THAT(refusal(with("(2, 2)", "(9223372036854775808,)")), HasSubstr("beyond 63 bits"));
  EXPECT_THAT(refusal(with("(2, 2)", "(4294967296, 4294967296)")), HasSubstr("overflows 64 bits"));
  EXPECT_THAT(refusal(with("(2, 2)", "2")), HasSubstr("'(' is due"));
  EXPECT_THAT(refusal(with("shape", "order")), HasSubstr("\"order\" is unknown or there twice"));
  EXPECT_THAT(refusal(with("'shape'", "'descr'")), HasSubstr("\"descr\" is unknown or there twice"));
  EXPECT_THAT(refusal(with(", 'shape': (2, 2), }", "}")), HasSubstr("shape is missing"));
  EXPECT_THAT(refusal(with(", }", "")), HasSubstr("'}' is due"));
  EXPECT_THAT(refusal(with(", }", "} x")), HasSubstr("something follows"));
}

TEST(Npy, ReadsThePixelsThatNumPyWrote) {
  const auto folder = test::shared_folder("nasty");
  if (!folder) GTEST_SKIP() << "no ../shared/nasty";
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "expected")) {
    if (entry.path().extension() != ".npy") continue;
    const NpyFile file(entry.path());
    EXPECT_EQ(file.array().dtype, Dtype::u8) << entry.path();
    EXPECT_THAT(file.array().shape, ElementsAre(testing::_, testing::_, 3)) << entry.path();
    ++count;
  }
  EXPECT_GT(count, 0u);
}

}  // namespace
}  // namespace gtsa::formats
