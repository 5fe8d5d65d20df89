#include "core/kernels/product.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

#ifdef GTSA_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

namespace gtsa::kernels {
namespace {

void openblas_product(const ProductShape& s, float alpha, Factor a, Factor b, float beta, float* c, int64_t c_step) {
  const auto turned = [](const Factor& f) { return f.is_transposed ? CblasTrans : CblasNoTrans; };
  cblas_sgemm(CblasRowMajor, turned(a), turned(b), static_cast<int>(s.rows), static_cast<int>(s.columns),
              static_cast<int>(s.inner), alpha, a.values, static_cast<int>(a.step), b.values, static_cast<int>(b.step),
              beta, c, static_cast<int>(c_step));
}

#ifdef GTSA_ONEDNN

/// From so many multiplications on oneDNN is ahead: heads of 65 tokens lie below, of 197 above.
constexpr int64_t kOnednnFrom = 1 << 20;

bool goes_to_onednn(const ProductShape& s) { return s.rows * s.columns * s.inner >= kOnednnFrom; }

void onednn_product(const ProductShape& s, float alpha, Factor a, Factor b, float beta, float* c, int64_t c_step) {
  const auto turned = [](const Factor& f) { return f.is_transposed ? 'T' : 'N'; };
  const dnnl_status_t status = dnnl_sgemm(turned(a), turned(b), s.rows, s.columns, s.inner, alpha, a.values, a.step,
                                          b.values, b.step, beta, c, c_step);
  GTSA_CHECK(status == dnnl_success, "oneDNN refuses a product of {} x {} x {}: status {}", s.rows, s.columns, s.inner,
             static_cast<int>(status));
}

#endif

/// c = beta c.
void scale(const ProductShape& s, float beta, float* c, int64_t c_step) {
  for (int64_t i = 0; i < s.rows; ++i) {
    float* row = c + i * c_step;
    for (int64_t j = 0; j < s.columns; ++j) row[j] = beta == 0 ? 0 : beta * row[j];
  }
}

}  // namespace

void product(const ProductShape& s, float alpha, Factor a, Factor b, float beta, float* c, int64_t c_step) {
  if (s.rows == 0 || s.columns == 0) return;
  if (s.inner == 0) return scale(s, beta, c, c_step);
#ifdef GTSA_ONEDNN
  if (goes_to_onednn(s)) return onednn_product(s, alpha, a, b, beta, c, c_step);
#endif
  openblas_product(s, alpha, a, b, beta, c, c_step);
}

std::string product_library() {
#ifdef GTSA_ONEDNN
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
#else
  return {};
#endif
}

namespace reference {

void product(const ProductShape& s, float alpha, Factor a, Factor b, float beta, float* c, int64_t c_step) {
  const auto at = [](const Factor& f, int64_t row, int64_t column) {
    return double{f.values[f.is_transposed ? column * f.step + row : row * f.step + column]};
  };
  for (int64_t i = 0; i < s.rows; ++i) {
    for (int64_t j = 0; j < s.columns; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < s.inner; ++k) sum += at(a, i, k) * at(b, k, j);
      float& value = c[i * c_step + j];
      value = static_cast<float>(alpha * sum + (beta == 0 ? 0 : double{beta} * value));
    }
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
