#pragma once
// TensorBoard's event files, written by hand: TFRecord framing (64-bit length, its masked CRC-32C, payload, its masked
// CRC-32C) around the protobuf `Event` {1: wall_time double, 2: step int64, 3: file_version string, 5: Summary {1:
// Value {1: tag, 2: simple_value float}}}.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/files.h"

namespace gtsa::formats {

/// One number of one curve.
struct Scalar {
  std::string tag;
  float value = 0;
};

/// The record that opens every event file. `wall_time` in seconds since 1970.
std::string tensorboard_opening(double wall_time);

/// The record of a step's numbers. `step` >= 0.
std::string tensorboard_scalars(int64_t step, double wall_time, std::span<const Scalar> scalars);

/// An event read back.
struct TensorboardEvent {
  double wall_time = 0;
  int64_t step = 0;
  std::vector<Scalar> scalars;
};

/// Events in the order of the file. Stops without complaint at a record that is torn or whose checksum is wrong: what a
/// killed writer leaves. Fields of other kinds are passed over.
std::vector<TensorboardEvent> parse_tensorboard(std::span<const std::byte> bytes);

/// Drops the numbers of steps above `last_step` and a torn end, rewriting the file whole or not at all; the opening
/// always stays. A file that needs no cut is not touched, an absent one is no error.
void truncate_tensorboard(FileSystem& files, const std::filesystem::path& path, int64_t last_step);

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace gtsa::formats
