#include "core/formats/json_cursor.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/error.h"

namespace gtsa::formats {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  }
  out += static_cast<char>(0x80 | (code & 0x3F));
}

}  // namespace

void fail_at(uint64_t byte, const std::string& reason) { throw Error("{} (byte {})", reason, byte); }

void JsonCursor::fail(const std::string& reason) const { fail_at(base_ + next_, reason); }

void JsonCursor::skip_space() {
  while (!at_end() && (text_[next_] == ' ' || text_[next_] == '\n' || text_[next_] == '\r' || text_[next_] == '\t'))
    ++next_;
}

uint64_t JsonCursor::position() {
  skip_space();
  return base_ + next_;
}

bool JsonCursor::consume(char c) {
  skip_space();
  if (at_end() || text_[next_] != c) return false;
  ++next_;
  return true;
}

void JsonCursor::expect(char c) {
  if (consume(c)) return;
  if (at_end()) fail(fmt::format("the JSON ends where '{}' is due", c));
  fail(fmt::format("broken JSON: {} where '{}' is due", shown(text_.substr(next_, 1)), c));
}

std::string JsonCursor::string() {
  expect('"');
  std::string out;
  while (true) {
    if (at_end()) fail("the JSON ends inside a string");
    const char c = text_[next_];
    if (static_cast<unsigned char>(c) < 0x20) fail("broken JSON: a control character inside a string");
    ++next_;
    if (c == '"') return out;
    if (c == '\\') {
      escape(out);
    } else {
      out += c;
    }
  }
}

void JsonCursor::escape(std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const char letter = peek();
  if (const size_t place = kLetters.find(letter); !at_end() && place != std::string_view::npos) {
    ++next_;
    out += kMeanings[place];
    return;
  }
  if (letter != 'u') fail("broken JSON: an unknown escape inside a string");
  ++next_;
  uint32_t code = hex4();
  if (code >= 0xD800 && code < 0xDC00) {
    if (text_.substr(next_, 2) != "\\u") fail("broken JSON: half of a surrogate pair");
    next_ += 2;
    const uint32_t low = hex4();
    if (low < 0xDC00 || low >= 0xE000) fail("broken JSON: half of a surrogate pair");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code < 0xE000) {
    fail("broken JSON: half of a surrogate pair");
  }
  append_utf8(out, code);
}

uint32_t JsonCursor::hex4() {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = peek();
    uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      fail("broken JSON: \\u needs four hexadecimal digits");
    }
    code = code * 16 + digit;
    ++next_;
  }
  return code;
}

uint64_t JsonCursor::unsigned_integer() {
  skip_space();
  if (!is_digit(peek())) fail("not a whole number from 0 up");
  const size_t start = next_;
  uint64_t value = 0;
  while (is_digit(peek())) {
    const auto digit = static_cast<uint64_t>(text_[next_] - '0');
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) || __builtin_add_overflow(value, digit, &value)) {
      fail("a number beyond 64 bits");
    }
    ++next_;
  }
  if (text_[start] == '0' && next_ > start + 1) fail("broken JSON: a number with a leading zero");
  if (peek() == '.' || peek() == 'e' || peek() == 'E') fail("not a whole number from 0 up");
  return value;
}

double JsonCursor::real() {
  skip_space();
  const size_t start = next_;
  number();
  double value = 0;
  const auto [end, failed] = std::from_chars(text_.data() + start, text_.data() + next_, value);
  if (failed != std::errc()) fail("a number beyond all doubles");
  GTSA_CHECK(end == text_.data() + next_, "a number's grammar is JSON's");
  return value;
}

bool JsonCursor::boolean() {
  skip_space();
  const bool value = peek() == 't';
  literal(value ? "true" : "false");
  return value;
}

char JsonCursor::next_character() {
  skip_space();
  return peek();
}

bool JsonCursor::consume_null() {
  skip_space();
  if (peek() != 'n') return false;
  literal("null");
  return true;
}

void JsonCursor::literal(std::string_view word) {
  if (text_.substr(next_, word.size()) != word) fail("broken JSON: an unknown word");
  next_ += word.size();
}

void JsonCursor::digits() {
  if (!is_digit(peek())) fail("broken JSON: a digit is due");
  while (is_digit(peek())) ++next_;
}

void JsonCursor::number() {
  if (peek() == '-') ++next_;
  if (peek() == '0') {
    ++next_;
  } else {
    digits();
  }
  if (peek() == '.') {
    ++next_;
    digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    ++next_;
    if (peek() == '+' || peek() == '-') ++next_;
    digits();
  }
}

void JsonCursor::skip_value(int depth) {
  if (depth > kMaxDepth) fail(fmt::format("JSON nested deeper than {}", kMaxDepth));
  skip_space();
  switch (peek()) {
    case '{':
      return object([&](const std::string&, uint64_t) { skip_value(depth + 1); });
    case '[':
      return array([&] { skip_value(depth + 1); });
    case '"':
      return static_cast<void>(string());
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return number();
  }
}

void JsonCursor::expect_end() {
  skip_space();
  if (!at_end()) fail("something follows the end of the JSON");
}

size_t first_invalid_utf8(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                          : lead >= 0xE0 && lead <= 0xEF ? 3
                          : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                         : 0;
    // The second byte's range rules out overlong forms, surrogates and what lies beyond U+10FFFF.
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (length == 0 || byte(i + 1) < low || byte(i + 1) > high) return i;
    for (size_t k = 2; k < length; ++k) {
      if (byte(i + k) < 0x80 || byte(i + k) > 0xBF) return i;
    }
    i += length;
  }
  return std::string_view::npos;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string shown(std::string_view text) {
  constexpr size_t kLongest = 80;
  if (text.size() <= kLongest) return json_quoted(text);
  size_t cut = kLongest;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return json_quoted(text.substr(0, cut)) + "...";
}

}  // namespace gtsa::formats
