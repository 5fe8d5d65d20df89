#pragma once
// Pixels -> PNG and JPEG.

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "core/base/files.h"
#include "core/image/image.h"
#include "core/image/label_colours.h"
#include "core/image/label_map.h"

namespace gtsa::image {

/// 8-bit RGB, no metadata; the bytes depend on the pixels and the libraries alone.
std::vector<std::byte> encode_png(const Image& image);

/// Labels as segmentation data sets store them: one channel of 8 bits. Values at most 255.
std::vector<std::byte> encode_png(const LabelMap& labels);

/// Labels that viewers show in colours: an 8-bit palette PNG whose indices are the labels, coloured by `palette` (black
/// beyond its end). Where a label exceeds 255, 16 bits of grey instead, without colours. decode_label_map() gives the
/// labels back from both.
std::vector<std::byte> encode_label_map(const LabelMap& labels, std::span<const Colour> palette);

/// Baseline, chroma subsampled 2 x 2; quality 1..100. Sides at most 65,500: an Error beyond.
std::vector<std::byte> encode_jpeg(const Image& image, int quality);

/// Saved whole or not at all.
void write_png(FileSystem& files, const std::filesystem::path& path, const Image& image);
void write_jpeg(FileSystem& files, const std::filesystem::path& path, const Image& image, int quality);
void write_label_map(FileSystem& files, const std::filesystem::path& path, const LabelMap& labels,
                     std::span<const Colour> palette);

}  // namespace gtsa::image
