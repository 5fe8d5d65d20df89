#include "core/formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "support/failing_files.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::formats {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A file with this header and `data_bytes` zeros; `length` overrides the stored header length.
std::string file_of(std::string_view header, size_t data_bytes, std::optional<uint64_t> length = {}) {
  const uint64_t stored = length.value_or(header.size());
  std::string file(8, '\0');
  std::memcpy(file.data(), &stored, 8);
  file += header;
  return file + std::string(data_bytes, '\0');
}

/// What the parser says, or "" if it takes the file.
std::string refusal(std::string_view file) {
  try {
    parse_safetensors(bytes_of(file));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Safetensors, TakesAndRefusesTheRecordedFiles) {
  const fs::path folder = test::golden_folder() / "safetensors";
  if (!fs::exists(folder / "manifest.json")) GTEST_SKIP() << "no recorded safetensors files";
  const auto manifest = nlohmann::json::parse(read_text(folder / "manifest.json"));
  for (const auto& entry : manifest) {
    SCOPED_TRACE(entry.dump());
    const fs::path path = folder / entry.at("file").get<std::string>();
    if (entry.at("expect") == "load") {
      EXPECT_NO_THROW(SafetensorsFile{path});
      continue;
    }
    try {
      SafetensorsFile{path};
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.filename().string()));
      EXPECT_THAT(error.what(), HasSubstr("byte"));
    }
  }
}

/// A bad file, why it is bad and the byte that shows it.
struct BadFile {
  const char* what;
  std::string file;
  const char* reason;
  uint64_t byte;
};

constexpr const char* kGood = R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";

/// kGood with `from` replaced by `to`.
std::string changed(std::string_view from, std::string_view to) {
  std::string header = kGood;
  const size_t at = header.find(from);
  GTSA_CHECK(at != std::string::npos, "the good header holds {}", from);
  return header.replace(at, from.size(), to);
}

std::string u8_entry(const char* name, int begin, int end) {
  return fmt::format(R"("{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}})", name, end - begin, begin, end);
}

/// A header of two U8 tensors a and b at the given places.
std::string two(int a_begin, int a_end, int b_begin, int b_end) {
  return "{" + u8_entry("a", a_begin, a_end) + "," + u8_entry("b", b_begin, b_end) + "}";
}

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<BadFile> bad_lengths() {
  const std::string good = kGood;
  return {
      {"no bytes", "", "ends inside the header's length", 0},
      {"seven bytes", std::string(7, '\0'), "ends inside the header's length", 7},
      {"a length and no header", file_of("", 0), "does not begin with '{'", 8},
      {"a header one byte past the end", file_of(good, 0, good.size() + 1), "a header of 56 bytes in a file of 63", 0},
      {"a length of 2^64 - 1", file_of(good, 16, UINT64_MAX), "more than the 100000000 allowed", 0},
      {"a length of 2^63", file_of(good, 16, uint64_t{1} << 63), "more than the 100000000 allowed", 0},
      {"a length one past the limit", file_of(good, 16, 100'000'001), "more than the 100000000 allowed", 0},
      {"a length at the limit, past the end", file_of(good, 16, 100'000'000), "a header of 100000000 bytes in a file",
       0},
      {"a length one byte short", file_of(good, 16, good.size() - 1), "ends where '}' is due", 8 + good.size() - 1},
  };
}

std::vector<BadFile> bad_json() {
  const std::string good = kGood;
  return {
      {"a leading space", file_of(" " + good, 16), "does not begin with '{'", 8},
      {"an array", file_of("[1,2]", 0), "does not begin with '{'", 8},
      {"a byte order mark", file_of("\xEF\xBB\xBF" + good, 16), "does not begin with '{'", 8},
      {"a bad UTF-8 byte", file_of(changed("w", "\xFF"), 16), "not UTF-8", 10},
      {"an overlong UTF-8 form", file_of(changed("w", "\xC0\xAF"), 16), "not UTF-8", 10},
      {"a surrogate in UTF-8", file_of(changed("w", "\xED\xA0\x80"), 16), "not UTF-8", 10},
      {"a cut UTF-8 sequence", file_of(changed("w", "\xE2\x82"), 16), "not UTF-8", 10},
      {"a control character in a name", file_of(changed("w", "\n"), 16), "control character", 10},
      {"an unknown escape", file_of(changed("w", "\\x41"), 16), "unknown escape", 11},
      {"half a surrogate pair", file_of(changed("w", "\\ud800"), 16), "surrogate pair", 16},
      {"the wrong half first", file_of(changed("w", "\\udc00"), 16), "surrogate pair", 16},
      {"three hexadecimal digits", file_of(changed("w", "\\u004"), 16), "four hexadecimal digits", 15},
      {"a name without quotes", file_of(changed("\"w\"", "w"), 16), "where '\"' is due", 9},
      {"an unclosed name", file_of("{\"w", 0), "ends inside a string", 11},
      {"only a brace", file_of("{", 0), "where '\"' is due", 9},
      {"a trailing comma", file_of(good.substr(0, good.size() - 1) + ",}", 16), "where '\"' is due", 8 + good.size()},
      {"something behind the header", file_of(good + " x", 16), "follows the end", 8 + good.size() + 1},
      {"a zero byte behind the header", file_of(good + std::string(1, '\0'), 16), "follows the end", 8 + good.size()},
      {"nested arrays", file_of("{\"w\":" + std::string(50000, '['), 0), "where '{' is due", 13},
      {"deep nesting in an unknown field", file_of(changed("\"dtype\"", "\"x\":" + std::string(100, '[')), 16),
       "nested deeper than 64", 83},
      {"a bad word in an unknown field", file_of(changed("\"dtype\"", "\"x\":nil,\"dtype\""), 16), "unknown word", 18},
      {"a bad number in an unknown field", file_of(changed("\"dtype\"", "\"x\":-,\"dtype\""), 16), "a digit is due",
       19},
  };
}

std::vector<BadFile> bad_fields() {
  const std::string good = kGood;
  const std::string entry = good.substr(1, good.size() - 2);
  return {
      {"a name twice", file_of("{" + entry + "," + entry + "}", 16), "tensor \"w\" twice", 9 + entry.size() + 1},
      {"a name twice, once escaped", file_of("{" + entry + ",\"\\u0077\"" + entry.substr(3) + "}", 16),
       "tensor \"w\" twice", 9 + entry.size() + 1},
      {"a field twice", file_of(changed("\"shape\"", "\"dtype\":\"F32\",\"shape\""), 16), "dtype twice", 28},
      {"no dtype", file_of(changed("\"dtype\":\"F32\",", ""), 16), "tensor \"w\" has no dtype", 9},
      {"no shape", file_of(changed("\"shape\":[4],", ""), 16), "tensor \"w\" has no shape", 9},
      {"no offsets", file_of(changed(",\"data_offsets\":[0,16]", ""), 16), "tensor \"w\" has no data_offsets", 9},
      {"an unknown dtype", file_of(changed("F32", "F33"), 16), "unknown dtype \"F33\"", 22},
      {"a dtype in small letters", file_of(changed("F32", "f32"), 16), "unknown dtype \"f32\"", 22},
      {"a dtype that is a number", file_of(changed("\"F32\"", "32"), 16), "where '\"' is due", 22},
      {"a negative extent", file_of(changed("[4]", "[-4]"), 16), "not a whole number", 37},
      {"a fractional extent", file_of(changed("[4]", "[4.0]"), 16), "not a whole number", 38},
      {"an extent with an exponent", file_of(changed("[4]", "[4e0]"), 16), "not a whole number", 38},
      {"an extent with a leading zero", file_of(changed("[4]", "[04]"), 16), "leading zero", 39},
      {"an extent in quotes", file_of(changed("[4]", "[\"4\"]"), 16), "not a whole number", 37},
      {"an extent of 2^63", file_of(changed("[4]", "[9223372036854775808]"), 16), "beyond 63 bits", 37},
      {"an extent of 2^64", file_of(changed("[4]", "[18446744073709551616]"), 16), "beyond 64 bits", 56},
      {"extents whose product overflows", file_of(changed("[4]", "[4294967296,4294967296]"), 16), "overflows 64 bits",
       9},
      {"bytes that overflow", file_of(changed("[4]", "[4611686018427387904]"), 16), "overflows 64 bits", 9},
      {"65 axes", file_of(changed("[4]", "[" + repeated("1,", 64) + "4]"), 16), "more than 64 axes", 165},
      {"a shape that is a number", file_of(changed("[4]", "4"), 16), "where '[' is due", 36},
      {"metadata twice", file_of("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "__metadata__ twice", 27},
      {"a metadata key twice", file_of("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0), "key \"a\" twice", 33},
      {"a metadata value that is a number", file_of("{\"__metadata__\":{\"a\":1}}", 0), "where '\"' is due", 29},
      {"metadata that is a string", file_of("{\"__metadata__\":\"a\"}", 0), "where '{' is due", 24},
  };
}

std::vector<BadFile> bad_places() {
  const std::string good = kGood;
  return {
      {"one offset", file_of(changed("[0,16]", "[0]"), 16), "where ',' is due", 57},
      {"three offsets", file_of(changed("[0,16]", "[0,16,16]"), 16), "where ']' is due", 60},
      {"a negative offset", file_of(changed("[0,16]", "[-16,0]"), 16), "not a whole number", 56},
      {"reversed offsets", file_of(changed("[0,16]", "[16,0]"), 16), "end (0) before they begin (16)", 55},
      {"one byte too few for the shape", file_of(changed("[0,16]", "[0,15]"), 15),
       "needs 16 bytes, data_offsets give 15", 55},
      {"one byte too many for the shape", file_of(changed("[0,16]", "[0,17]"), 17),
       "needs 16 bytes, data_offsets give 17", 55},
      {"a file one byte short", file_of(good, 15), "reaches 1 bytes past the end", 55},
      {"a file one byte long", file_of(good, 17), "1 bytes after the last tensor", 8 + good.size() + 16},
      {"data and no tensor", file_of("{}", 1), "1 bytes after the last tensor", 10},
      {"a hole at the start", file_of(changed("[0,16]", "[1,17]"), 17), "a hole of 1 bytes before tensor \"w\"", 55},
      {"a hole in the middle", file_of(two(0, 4, 5, 8), 8), "a hole of 1 bytes before tensor \"b\"", 106},
      {"an overlap by one byte", file_of(two(0, 4, 3, 8), 8), "tensor \"b\" overlaps", 106},
      {"the same bytes twice", file_of(two(0, 4, 0, 4), 4), "tensor \"b\" overlaps", 106},
      {"one inside the other", file_of(two(0, 8, 2, 4), 8), "tensor \"b\" overlaps", 106},
      {"offsets beyond 64 bits", file_of(changed("[0,16]", "[0,18446744073709551616]"), 16), "beyond 64 bits", 77},
      {"an end at 2^64 - 1", file_of(changed("[0,16]", "[0,18446744073709551615]"), 16),
       "needs 16 bytes, data_offsets give 18446744073709551615", 55},
  };
}

TEST(Safetensors, RefusesBadFilesWithTheReasonAndTheByte) {
  size_t count = 0;
  for (const auto& table : {bad_lengths(), bad_json(), bad_fields(), bad_places()}) {
    for (const BadFile& bad : table) {
      SCOPED_TRACE(bad.what);
      EXPECT_THAT(refusal(bad.file), HasSubstr(bad.reason));
      EXPECT_THAT(refusal(bad.file), HasSubstr(fmt::format("(byte {})", bad.byte)));
      ++count;
    }
  }
  EXPECT_GE(count, 40u);
}

TEST(Safetensors, TakesWhatTheReferenceReaderTakes) {
  const std::string good = kGood;
  EXPECT_EQ(refusal(file_of("{}", 0)), "");
  EXPECT_EQ(refusal(file_of(good + "   \n", 16)), "");
  EXPECT_EQ(refusal(file_of(changed("[4]", "[2,2]"), 16)), "");
  EXPECT_EQ(refusal(file_of(changed("[4]", "[" + repeated("1,", 63) + "4]"), 16)), "") << "64 axes";
  EXPECT_EQ(refusal(file_of(two(4, 8, 0, 4), 8)), "") << "data in another order than the header";
  EXPECT_EQ(refusal(file_of(two(0, 4, 4, 4), 4)), "") << "an empty tensor at the end";
  EXPECT_EQ(refusal(file_of(two(0, 0, 0, 4), 4)), "") << "an empty tensor at the start";
  EXPECT_EQ(refusal(file_of("{\"__metadata__\":null}", 0)), "");
  EXPECT_EQ(refusal(file_of(changed("\"dtype\"", R"("x":[{"y":[null,true,false,-1.5e+3,0,"z"]},[],{}],"dtype")"), 16)),
            "");
  EXPECT_EQ(refusal(file_of(changed("w", R"(\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00)"), 16)), "");
}

TEST(Safetensors, DecodesEscapedNames) {
  const std::string file = file_of(changed("w", R"(a\"\\\/\n\u00e9\ud83d\ude00)"), 16);
  const auto parsed = parse_safetensors(bytes_of(file));
  ASSERT_EQ(parsed.tensors.size(), 1u);
  EXPECT_EQ(parsed.tensors[0].name, "a\"\\/\n\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(Safetensors, StandsInTheOrderOfTheData) {
  const std::string file = file_of(two(4, 8, 0, 4), 8);
  const auto parsed = parse_safetensors(bytes_of(file));
  ASSERT_EQ(parsed.tensors.size(), 2u);
  EXPECT_EQ(parsed.tensors[0].name, "b");
  EXPECT_EQ(parsed.tensors[1].name, "a");
  EXPECT_EQ(parsed.find("a"), &parsed.tensors[1]);
  EXPECT_EQ(parsed.find("c"), nullptr);
  EXPECT_EQ(parsed.tensors[1].data.data(), bytes_of(file).data() + file.size() - 4) << "data are not copied";
}

/// A name of 0 to 12 characters, some of which need escapes or several bytes.
std::string random_name(Rng& rng, size_t number) {
  static constexpr std::string_view kPieces[] = {"a",  "Z",  "0",    ".", "_",        "\"",
                                                 "\\", "\n", "\x01", "/", "\xC3\xA9", "\xF0\x9F\x98\x80"};
  std::string name = std::to_string(number);
  for (uint32_t i = rng.below(12); i > 0; --i) name += kPieces[rng.below(std::size(kPieces))];
  return name;
}

TEST(Safetensors, RandomFilesComeBackAsWritten) {
  for (uint64_t trial = 0; trial < 10'000; ++trial) {
    Rng rng({.seed = 4, .sample = trial});
    std::vector<std::string> storage(rng.below(5));
    std::vector<TensorRecord> tensors;
    for (size_t i = 0; i < storage.size(); ++i) {
      TensorRecord tensor{random_name(rng, i), static_cast<Dtype>(rng.below(15)), {}, {}};
      size_t bytes = size_of(tensor.dtype);
      for (uint32_t axis = rng.below(4); axis > 0; --axis) {
        tensor.shape.push_back(rng.below(5));
        bytes *= static_cast<size_t>(tensor.shape.back());
      }
      storage[i].resize(bytes);
      for (char& c : storage[i]) c = static_cast<char>(rng.bits());
      tensor.data = bytes_of(storage[i]);
      tensors.push_back(std::move(tensor));
    }
    std::map<std::string, std::string> metadata;
    for (uint32_t i = rng.below(3); i > 0; --i) metadata[random_name(rng, i)] = random_name(rng, i);

    std::string file = safetensors_header(tensors, metadata);
    ASSERT_EQ(file.size() % 8, 0u);
    for (const auto& piece : storage) file += piece;
    const auto parsed = parse_safetensors(bytes_of(file));
    ASSERT_EQ(parsed.metadata, metadata) << "trial " << trial;
    ASSERT_EQ(parsed.tensors.size(), tensors.size()) << "trial " << trial;
    for (const TensorRecord& tensor : tensors) {
      const TensorRecord* back = parsed.find(tensor.name);
      ASSERT_NE(back, nullptr) << "trial " << trial << " tensor " << tensor.name;
      ASSERT_EQ(back->dtype, tensor.dtype);
      ASSERT_EQ(back->shape, tensor.shape);
      ASSERT_TRUE(std::equal(back->data.begin(), back->data.end(), tensor.data.begin(), tensor.data.end()));
    }
  }
}

TEST(Safetensors, EveryCutAndEveryFlippedBitIsTakenOrRefusedNeverACrash) {
  const std::string header =
      safetensors_header(std::vector<TensorRecord>{{"a", Dtype::f32, {2, 2}, bytes_of("0123456789abcdef")},
                                                   {"b", Dtype::u8, {3}, bytes_of("xyz")}},
                         {{"k", "v"}});
  const std::string file = header + "0123456789abcdefxyz";
  for (size_t size = 0; size < file.size(); ++size) EXPECT_NE(refusal(file.substr(0, size)), "") << size;
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    std::string flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const std::string said = refusal(flipped);
    EXPECT_TRUE(said.empty() || said.find("(byte ") != std::string::npos) << "bit " << bit << ": " << said;
  }
}

TEST(Safetensors, RefusesToWriteWhatItCouldNotReadBack) {
  const std::string data = "x";
  const auto header = [&](const std::string& name, std::vector<int64_t> shape) {
    return safetensors_header(std::vector<TensorRecord>{{name, Dtype::u8, std::move(shape), bytes_of(data)}}, {});
  };
  EXPECT_THROW(header("__metadata__", {1}), Error);
  EXPECT_THROW(header("\xFF", {1}), Error);
  EXPECT_THROW(header("w", {2}), BugError);
  EXPECT_NO_THROW(header("w", {1}));
}

TEST(Safetensors, IsOnDiskWholeOrNotAtAll) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "weights.safetensors";
  const std::string before(64, 'b');
  const std::string after(128, 'a');
  const auto record = [](const std::string& data) {
    return std::vector<TensorRecord>{{"w", Dtype::u8, {static_cast<int64_t>(data.size())}, bytes_of(data)}};
  };
  const auto content = [&] {
    const SafetensorsFile file(path);
    const auto data = file.content().tensors.at(0).data;
    return std::string(reinterpret_cast<const char*>(data.data()), data.size());
  };
  for (int n = 1;; ++n) {
    write_safetensors(real_files(), path, record(before));
    test::FailingFiles files(n);
    try {
      write_safetensors(files, path, record(after));
    } catch (const Error&) {
    }
    EXPECT_TRUE(content() == before || content() == after) << "operation " << n;
    if (files.failed()) continue;
    EXPECT_EQ(content(), after);
    EXPECT_GT(n, 5);
    break;
  }
}

TEST(Safetensors, NamesTheFileThatIsMissing) {
  const test::TemporaryFolder folder;
  try {
    SafetensorsFile{folder / "none.safetensors"};
    ADD_FAILURE() << "read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("none.safetensors"));
  }
}

}  // namespace
}  // namespace gtsa::formats
