#pragma once
// What a network's layers cost, by counting: nothing is run.

#include <cstdint>
#include <span>
#include <vector>

#include "learn/nn/vit.h"

namespace gtsa::nn {

/// A product of matrices [rows, inner] x [inner, columns], made `times` times.
struct Product {
  int64_t rows = 0;
  int64_t inner = 0;
  int64_t columns = 0;
  double times = 1;
};

/// Operations of them all; a multiply and an add are two.
double flop(std::span<const Product> products);

/// Collects the products of layers: each forward, and backward (for input and weight) as often as it learns.
class LayerProducts {
 public:
  LayerProducts(double forwards, double backwards) : forwards_(forwards), backwards_(backwards) {}
  /// A linear layer on `rows` rows, `times` of them.
  void layer(int64_t rows, int64_t in, int64_t out, double times = 1);
  /// Patch embedding and blocks, without attention's own products, of `views` pictures of grid x grid patches.
  void encoder(const VitOptions& options, int64_t views, int64_t grid);
  const std::vector<Product>& found() const { return found_; }

 private:
  double forwards_, backwards_;
  std::vector<Product> found_;
};

/// Operations of attention's two products, forward, of one picture of grid x grid patches.
double attention_flop(const VitOptions& options, int64_t grid);

/// The products of the encoder's forward pass on `batch` pictures of grid x grid patches.
std::vector<Product> encoder_products(const VitOptions& options, int64_t batch, int64_t grid);

/// Of one picture (image_size pixels a side) through the encoder alone, in GFLOP.
double encoder_gflop_per_image(const VitOptions& options);

/// Floats that backward needs of one picture of grid x grid patches in the blocks: the inputs of the branches; q, k, v
/// with the sums of the softmax's rows; the MLP before GELU.
double encoder_activations(const VitOptions& options, int64_t grid);

}  // namespace gtsa::nn
