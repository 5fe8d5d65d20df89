#pragma once
// Transforms of Winograd's minimal filtering F(2x2, 3x3) (Lavin & Gray, "Fast algorithms for convolutional neural
// networks", CVPR 2016): a 3x3 convolution with zero padding becomes 16 matrix products, 2.25 times fewer operations.
//
// Maps are channels-last: [images, rows, columns, channels]. A map is cut into tiles of 2x2 outputs, each of which sees
// 4x4 inputs. Transformed maps are 16 matrices [tiles of all images, channels], transformed weights 16 matrices
// [out, in]; the products M[k] = V[k] U[k]^T lie between them:
//   V = B^T d B (input),  U = G g G^T (weight),  y = A^T M A + bias (output).
// The adjoints are the transposes of these linear maps: what backward needs. Equal to direct convolution up to
// rounding.

#include <cstdint>

namespace gtsa::kernels {

/// Size of a batch of maps. Tiles lie row by row; where a side is odd the last ones reach beyond the map.
struct WinogradMaps {
  int64_t images = 0;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t channels = 0;
  int64_t tile_rows() const { return (rows + 1) / 2; }
  int64_t tile_columns() const { return (columns + 1) / 2; }
  int64_t tiles() const { return images * tile_rows() * tile_columns(); }
};

inline constexpr int64_t kWinogradProducts = 16;

/// Images of a batch, [first, last): callers share a batch out among threads.
struct ImageRange {
  int64_t first = 0;
  int64_t last = 0;
};

/// V [16, tiles, channels] of x [images, rows, columns, channels].
void winograd_input(const WinogradMaps& maps, ImageRange images, const float* x, float* v);
/// dx of dV. Overwrites the images' part of dx.
void winograd_input_adjoint(const WinogradMaps& maps, ImageRange images, const float* dv, float* dx);

/// y [images, rows, columns, channels] of M [16, tiles, channels], plus bias [channels].
void winograd_output(const WinogradMaps& maps, ImageRange images, const float* m, const float* bias, float* y);
/// dM of dy.
void winograd_output_adjoint(const WinogradMaps& maps, ImageRange images, const float* dy, float* dm);

/// U [16, out, in] of weight [out, in, 3, 3]; `first` and `last` are pairs of (out, in), counted row by row.
void winograd_weight(int64_t pairs, int64_t first, int64_t last, const float* weight, float* u);
/// dweight of dU. Overwrites.
void winograd_weight_adjoint(int64_t pairs, int64_t first, int64_t last, const float* du, float* dweight);

/// The plain versions of the transforms of maps, by their matrices.
namespace reference {
void winograd_input(const WinogradMaps& maps, ImageRange images, const float* x, float* v);
void winograd_input_adjoint(const WinogradMaps& maps, ImageRange images, const float* dv, float* dx);
void winograd_output(const WinogradMaps& maps, ImageRange images, const float* m, const float* bias, float* y);
void winograd_output_adjoint(const WinogradMaps& maps, ImageRange images, const float* dy, float* dm);
}  // namespace reference

}  // namespace gtsa::kernels
