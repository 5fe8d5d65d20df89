#pragma once
// An encoder as commands want it: network, memory and values together, from a run, a file or a seed.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/files.h"
#include "core/formats/safetensors.h"
#include "learn/model/weights.h"
#include "learn/nn/flat.h"
#include "learn/nn/heads.h"
#include "learn/nn/vit.h"

namespace gtsa::model {

/// Frozen: its tensors ask for no gradients. Moves, never copies.
struct Encoder {
  nn::Vit vit;
  std::optional<nn::ConvHead> projector;  ///< the one that was trained with it, where the source has one
  nn::Flat flat;                          ///< memory of both
  std::string
      source;  ///< where the values are from, for people: "runs/a/checkpoints/step-00000640.safetensors (teacher)"
  LoadReport report;  ///< empty for a random encoder

  const nn::VitOptions& options() const { return vit.options; }
};

/// Sizes of the encoder whose names begin with `prefix`, read off the shapes and the metadata as load_encoder() does.
/// `source` names the file in errors.
nn::VitOptions vit_options_of(const formats::Safetensors& file, const std::string& prefix, const std::string& source);

/// From a .safetensors file, or from a run folder: the newest checkpoint that can be read (its teacher with projector),
/// else encoder.safetensors. Sizes are read off the shapes; num_heads and image_size from the metadata, else embed_dim
/// / 64 heads (a log line says so) and the side of the stored grid. Throws Error naming the file, the tensor and the
/// likely cause.
Encoder load_encoder(const std::filesystem::path& weights);

/// As pretraining with this seed begins: random values of encoder and, with `projector` (its `in` is embed_dim), of a
/// projector.
Encoder random_encoder(const nn::VitOptions& options, std::optional<nn::ConvHeadOptions> projector, uint64_t seed);

/// Saves the encoder alone: timm's names and shapes for vit_*_patch*_* with num_classes = 0, in timm's order, float32;
/// metadata embed_dim, depth, num_heads, patch_size, image_size, format. Bytes depend on the weights and these options
/// alone.
void write_encoder(FileSystem& files, const std::filesystem::path& path, nn::Vit& vit);

/// What a reader of an encoder's file needs beside the shapes: embed_dim, depth, num_heads, patch_size, image_size.
std::map<std::string, std::string> metadata_of(const nn::VitOptions& options);

/// Copies values between networks of the same widths and depth; a position embedding of another grid is resized.
void copy_encoder(const nn::Vit& from, nn::Vit& to);

/// One number that tells encoders apart: a weighted sum of the features of a fixed picture. Equal weights give equal
/// numbers for equal threads, BLAS and SIMD level, else numbers equal to about 1e-5.
double checksum(const nn::Vit& vit);

}  // namespace gtsa::model
