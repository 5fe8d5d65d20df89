#pragma once
// Products of float matrices, on the calling thread's team (within parallel_for: on the calling thread alone). Large
// ones go to oneDNN, small ones, and all where this program is built without it, to OpenBLAS: each where it is the
// faster one (docs/results.md). Equal threads and processors give equal bits.

#include <cstdint>
#include <string>

namespace gtsa::kernels {

/// A matrix that is multiplied: its rows lie `step` numbers apart, or its columns where it is stored transposed.
struct Factor {
  const float* values = nullptr;
  int64_t step = 0;
  bool is_transposed = false;
};

struct ProductShape {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t inner = 0;
};

/// c [rows, columns] = alpha a [rows, inner] b [inner, columns] + beta c; c is not read where beta is 0. Rows of c lie
/// `c_step` numbers apart.
void product(const ProductShape& shape, float alpha, Factor a, Factor b, float beta, float* c, int64_t c_step);

/// "oneDNN 2.6.3", or nothing where products are OpenBLAS's alone.
std::string product_library();

/// Plain loops.
namespace reference {
void product(const ProductShape& shape, float alpha, Factor a, Factor b, float beta, float* c, int64_t c_step);
}  // namespace reference

}  // namespace gtsa::kernels
