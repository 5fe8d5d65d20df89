#pragma once
// Bytes -> what the network sees.

#include <cstdint>

namespace gtsa::kernels {

/// out[i] = (in[i] / 255 - mean) / std in float32, in this order of operations; backwards, from in[count - 1] to in[0],
/// if `reversed`. `std` is a normal number.
void normalize(const uint8_t* in, int64_t count, bool reversed, float mean, float std, float* out);

namespace reference {
void normalize(const uint8_t* in, int64_t count, bool reversed, float mean, float std, float* out);
}

}  // namespace gtsa::kernels
