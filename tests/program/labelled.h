#pragma once
// Photographs with labels of their pixels.

#include <cstdint>
#include <filesystem>

namespace gtsa::test {

/// A folder in ADE20K's layout with the classes grass and sky, two pictures a split, all grass; the last annotation of
/// the training split is of one other value, grey or (where no label map can be) in colour.
void make_labelled(const std::filesystem::path& folder, uint8_t special, bool grey);

/// A folder in ADE20K's layout, `count` pictures a split, each of which is brick on the left and sea on the right.
void make_half_and_half(const std::filesystem::path& folder, int count);

}  // namespace gtsa::test
