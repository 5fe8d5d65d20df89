#pragma once
// A strict pull reader of JSON text whose shape is known beforehand: it makes no tree, so what a hostile file costs is
// bounded by what the caller keeps. Every error names the byte.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gtsa::formats {

/// Walks over JSON text (RFC 8259) from left to right. White space before a token is skipped. Throws Error "REASON
/// (byte N)".
class JsonCursor {
 public:
  /// Deepest nesting that skip_value() follows.
  static constexpr int kMaxDepth = 64;

  /// `text` must be UTF-8 (first_invalid_utf8) and outlive the cursor. `base` is its offset in the file, for messages.
  JsonCursor(std::string_view text, uint64_t base) : text_(text), base_(base) {}

  /// Offset in the file of the next token.
  uint64_t position();
  /// Takes the character if it comes next.
  bool consume(char c);
  void expect(char c);
  /// A string, escapes decoded. Control characters and lone surrogates are refused.
  std::string string();
  /// A whole number in [0, 2^64); a fraction, an exponent or a sign is refused.
  uint64_t unsigned_integer();
  /// Any number, as the nearest double. One that is beyond every double is refused.
  double real();
  bool boolean();
  /// The character with which the next token begins; '\0' at the end.
  char next_character();
  /// `null`, if it comes next.
  bool consume_null();
  /// Any value, checked but not kept.
  void skip_value(int depth = 0);
  /// Nothing but white space is left.
  void expect_end();

  /// Calls member(key, offset of the key) at each value; it must take the value.
  template <class Member>
  void object(Member&& member) {
    expect('{');
    if (consume('}')) return;
    do {
      const uint64_t at = position();
      const std::string key = string();
      expect(':');
      member(key, at);
    } while (consume(','));
    expect('}');
  }
  /// Calls element() at each value; it must take the value.
  template <class Element>
  void array(Element&& element) {
    expect('[');
    if (consume(']')) return;
    do element();
    while (consume(','));
    expect(']');
  }

 private:
  void skip_space();
  bool at_end() const { return next_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[next_]; }
  void literal(std::string_view word);
  void number();
  void digits();
  void escape(std::string& out);
  uint32_t hex4();
  [[noreturn]] void fail(const std::string& reason) const;

  std::string_view text_;
  uint64_t base_;
  size_t next_ = 0;
};

/// Throws Error "REASON (byte N)": the form in which every parser of this room says where.
[[noreturn]] void fail_at(uint64_t byte, const std::string& reason);

/// Index of the first byte that is no part of well-formed UTF-8 (Unicode 15, table 3-7), or npos.
size_t first_invalid_utf8(std::string_view text);

/// `text` as a JSON string with its quotes. `text` must be UTF-8.
std::string json_quoted(std::string_view text);

/// `text` for a message: quoted, control characters escaped, cut after 80 bytes.
std::string shown(std::string_view text);

}  // namespace gtsa::formats
