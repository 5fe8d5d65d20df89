#include "core/formats/tensorboard.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/base/error.h"

namespace gtsa::formats {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

/// TFRecord stores checksums rotated and shifted, so that a checksum of data that hold checksums stays good.
uint32_t masked_crc(Bytes bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u; }

template <class T>
void append(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}

template <class T>
T load(Bytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// Protobuf's wire format: a key is field number x 8 + wire type.
enum class Wire : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_key(std::string& out, uint64_t field, Wire wire) {
  append_varint(out, field << 3 | static_cast<uint64_t>(wire));
}

void append_text(std::string& out, uint64_t field, std::string_view text) {
  append_key(out, field, Wire::bytes);
  append_varint(out, text.size());
  out += text;
}

std::string event(double wall_time) {
  std::string out;
  append_key(out, 1, Wire::fixed64);
  append(out, wall_time);
  return out;
}

std::string record(std::string_view payload) {
  std::string out;
  append(out, static_cast<uint64_t>(payload.size()));
  append(out, masked_crc(bytes_of(out)));
  out += payload;
  append(out, masked_crc(bytes_of(payload)));
  return out;
}

/// One field of a protobuf message: numbers in `number`, strings and messages in `bytes`.
struct WireField {
  uint64_t field = 0;
  Wire wire = Wire::varint;
  uint64_t number = 0;
  Bytes bytes;
};

/// Reads fields one after another; nothing at the end or where the message is broken.
class WireReader {
 public:
  explicit WireReader(Bytes left) : left_(left) {}

  std::optional<WireField> next() {
    const auto key = varint();
    if (!key) return std::nullopt;
    WireField field{*key >> 3, static_cast<Wire>(*key & 7), 0, {}};
    switch (field.wire) {
      case Wire::varint: {
        const auto value = varint();
        if (!value) return std::nullopt;
        field.number = *value;
        return field;
      }
      case Wire::fixed64:
        if (left_.size() < 8) return std::nullopt;
        field.number = load<uint64_t>(left_);
        left_ = left_.subspan(8);
        return field;
      case Wire::fixed32:
        if (left_.size() < 4) return std::nullopt;
        field.number = load<uint32_t>(left_);
        left_ = left_.subspan(4);
        return field;
      case Wire::bytes: {
        const auto size = varint();
        if (!size || *size > left_.size()) return std::nullopt;
        field.bytes = left_.first(*size);
        left_ = left_.subspan(*size);
        return field;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<uint64_t> varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<uint64_t>(left_.front());
      left_ = left_.subspan(1);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  Bytes left_;
};

Scalar parse_value(Bytes message) {
  Scalar scalar;
  WireReader reader(message);
  while (const auto field = reader.next()) {
    if (field->field == 1 && field->wire == Wire::bytes) {
      scalar.tag.assign(reinterpret_cast<const char*>(field->bytes.data()), field->bytes.size());
    } else if (field->field == 2 && field->wire == Wire::fixed32) {
      scalar.value = std::bit_cast<float>(static_cast<uint32_t>(field->number));
    }
  }
  return scalar;
}

TensorboardEvent parse_event(Bytes message) {
  TensorboardEvent event;
  WireReader reader(message);
  while (const auto field = reader.next()) {
    if (field->field == 1 && field->wire == Wire::fixed64) {
      event.wall_time = std::bit_cast<double>(field->number);
    } else if (field->field == 2 && field->wire == Wire::varint) {
      event.step = static_cast<int64_t>(field->number);
    } else if (field->field == 5 && field->wire == Wire::bytes) {
      WireReader values(field->bytes);
      while (const auto value = values.next()) {
        if (value->field == 1 && value->wire == Wire::bytes) event.scalars.push_back(parse_value(value->bytes));
      }
    }
  }
  return event;
}

/// The first record of `bytes`, frame included, if it is whole and its checksums agree.
std::optional<Bytes> first_record(Bytes bytes) {
  constexpr size_t kBefore = 12, kBehind = 4;
  if (bytes.size() < kBefore + kBehind) return std::nullopt;
  const auto size = load<uint64_t>(bytes);
  if (load<uint32_t>(bytes.subspan(8)) != masked_crc(bytes.first(8))) return std::nullopt;
  if (size > bytes.size() - kBefore - kBehind) return std::nullopt;
  const Bytes payload = bytes.subspan(kBefore, size);
  if (load<uint32_t>(bytes.subspan(kBefore + size)) != masked_crc(payload)) return std::nullopt;
  return bytes.first(kBefore + size + kBehind);
}

Bytes payload_of(Bytes framed) { return framed.subspan(12, framed.size() - 16); }

}  // namespace

uint32_t crc32c(Bytes bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const std::byte byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint32_t>(byte)) & 0xFF];
  return ~crc;
}

std::string tensorboard_opening(double wall_time) {
  std::string out = event(wall_time);
  append_text(out, 3, "brain.Event:2");
  return record(out);
}

std::string tensorboard_scalars(int64_t step, double wall_time, std::span<const Scalar> scalars) {
  GTSA_CHECK(step >= 0, "step {}", step);
  std::string summary;
  for (const Scalar& scalar : scalars) {
    std::string value;
    append_text(value, 1, scalar.tag);
    append_key(value, 2, Wire::fixed32);
    append(value, scalar.value);
    append_text(summary, 1, value);
  }
  std::string out = event(wall_time);
  append_key(out, 2, Wire::varint);
  append_varint(out, static_cast<uint64_t>(step));
  append_text(out, 5, summary);
  return record(out);
}

std::vector<TensorboardEvent> parse_tensorboard(Bytes bytes) {
  std::vector<TensorboardEvent> events;
  while (const auto framed = first_record(bytes)) {
    events.push_back(parse_event(payload_of(*framed)));
    bytes = bytes.subspan(framed->size());
  }
  return events;
}

void truncate_tensorboard(FileSystem& files, const std::filesystem::path& path, int64_t last_step) {
  if (!std::filesystem::exists(path)) return;
  const MappedFile map(path);
  std::vector<Bytes> kept;
  size_t kept_bytes = 0;
  Bytes rest = map.bytes();
  while (const auto framed = first_record(rest)) {
    rest = rest.subspan(framed->size());
    const TensorboardEvent event = parse_event(payload_of(*framed));
    if (event.step > last_step && !event.scalars.empty()) continue;
    // Neighbours are joined, so that a long file is written in few pieces.
    if (!kept.empty() && kept.back().data() + kept.back().size() == framed->data()) {
      kept.back() = Bytes(kept.back().data(), kept.back().size() + framed->size());
    } else {
      kept.push_back(*framed);
    }
    kept_bytes += framed->size();
  }
  if (kept_bytes != map.bytes().size()) write_atomically(files, path, kept);
}

}  // namespace gtsa::formats
