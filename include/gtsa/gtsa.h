#pragma once
// The public face of libgtsa: small, without LibTorch. Errors are std::runtime_error with one line that says what to
// do.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace gtsa {

/// "0.1.0".
std::string version();

/// Features of a picture: one row of `channels` numbers a patch, patches row by row.
struct Features {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t channels = 0;
  std::vector<float> values;  ///< [rows * columns, channels]
};

/// A frozen encoder. Not for several threads at once.
class Encoder {
 public:
  /// From a run folder or a .safetensors file.
  explicit Encoder(const std::filesystem::path& weights);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  int64_t patch_size() const;
  int64_t channels() const;
  /// Of a JPEG, PNG or WebP, turned upright by its EXIF orientation and scaled (bicubic) so that its shorter side is
  /// `shorter_side` pixels (0: as many as the encoder was trained on). What does not fill a patch is left out.
  Features features(const std::filesystem::path& picture, int64_t shorter_side = 0) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// What `gtsa pretrain` is told: a recipe's name or file, and "key=value" settings as in docs (data.folders, batch,
/// epochs, ...).
struct PretrainSettings {
  std::filesystem::path out;
  std::vector<std::filesystem::path> data;
  std::string recipe = "gtsa_tiny_cpu";
  std::vector<std::string> settings;
  bool resume = false;
};

/// Trains to the end of the run, or until SIGINT or SIGTERM; true if it reached the end.
bool pretrain(const PretrainSettings& settings);

}  // namespace gtsa
