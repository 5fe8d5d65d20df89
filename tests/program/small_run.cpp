#include "program/small_run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/image/encode.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;

/// A gradient, three rectangles of random colours and noise: enough that views differ and JPEG has something to do.
image::Image photograph(Rng& rng) {
  constexpr int64_t kWidth = 48, kHeight = 40;
  image::Image image(kWidth, kHeight);
  struct Rectangle {
    int64_t left, top, right, bottom;
    uint8_t colour[3];
  };
  std::vector<Rectangle> rectangles(3);
  for (Rectangle& r : rectangles) {
    r.left = rng.below(kWidth - 8);
    r.top = rng.below(kHeight - 8);
    r.right = r.left + 8 + rng.below(24);
    r.bottom = r.top + 8 + rng.below(24);
    for (uint8_t& channel : r.colour) channel = static_cast<uint8_t>(rng.below(240));
  }
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      for (int64_t channel = 0; channel < 3; ++channel) {
        auto value = static_cast<uint32_t>(x + 3 * y + 40 * channel);
        for (const Rectangle& r : rectangles) {
          if (x >= r.left && x < r.right && y >= r.top && y < r.bottom) value = r.colour[channel];
        }
        image.row(y)[3 * x + channel] = static_cast<uint8_t>(std::min<uint32_t>(255, value + rng.below(16)));
      }
    }
  }
  return image;
}

/// What a step computed, without what the clock says.
nlohmann::json computed(nlohmann::json line) {
  line.erase("images_per_second");
  line.erase("data_wait");
  return line;
}

}  // namespace

void make_photographs(const fs::path& folder, int count, uint64_t seed) {
  fs::create_directories(folder);
  for (int i = 0; i < count; ++i) {
    Rng rng({.seed = seed, .sample = static_cast<uint64_t>(i), .purpose = Purpose::test});
    image::write_jpeg(real_files(), folder / fmt::format("photo-{:03}.jpg", i), photograph(rng), 90);
  }
}

std::vector<std::string> small_pretrain(const fs::path& data, const fs::path& out,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> words{"pretrain",    "--config", "gtsa_tiny_cpu", "--data",
                                 data.string(), "--out",    out.string()};
  for (const char* pair :
       {"model.embed_dim=16", "model.depth=2", "model.num_heads=2", "model.projector_dim=16", "model.predictor_dim=16",
        "model.out_dim=16", "model.rotation_hidden=16", "model.rotation_bottleneck=8"}) {
    words.insert(words.end(), {std::string("--set"), std::string(pair)});
  }
  words.insert(words.end(), {"--set", fmt::format("schedule.total_steps={}", kSmallSteps), "--patch-size", "4",
                             "--crop-sizes", "16,8", "--num-crops", "2,2", "--batch", "4", "--save-every", "3s",
                             "--threads", "1", "--workers", "1"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> resume(const fs::path& out, const std::vector<std::string>& more) {
  std::vector<std::string> words{"pretrain", "--resume", "--out", out.string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<nlohmann::json> lines_of(const fs::path& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line) && !stream.eof();) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

int64_t count_lines(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::count(std::istreambuf_iterator<char>(stream), {}, '\n');
}

std::vector<fs::path> checkpoints_of(const fs::path& run) {
  std::vector<fs::path> checkpoints;
  if (!fs::exists(run / "checkpoints")) return checkpoints;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints")) {
    if (entry.path().extension() == ".safetensors") checkpoints.push_back(entry.path());
  }
  std::sort(checkpoints.begin(), checkpoints.end());
  return checkpoints;
}

void expect_same_bytes(const fs::path& file, const fs::path& other) {
  ASSERT_TRUE(fs::exists(file)) << file;
  ASSERT_TRUE(fs::exists(other)) << other;
  EXPECT_TRUE(read_bytes(file) == read_bytes(other)) << file << " and " << other << " differ";
}

void expect_same_end(const fs::path& run, const fs::path& straight) {
  expect_same_bytes(run / "encoder.safetensors", straight / "encoder.safetensors");
  ASSERT_FALSE(checkpoints_of(run).empty());
  const fs::path newest = checkpoints_of(run).back();
  EXPECT_EQ(newest.filename(), checkpoints_of(straight).back().filename());
  expect_same_bytes(newest, straight / "checkpoints" / newest.filename());
  const auto lines = lines_of(run / "metrics.jsonl"), expected = lines_of(straight / "metrics.jsonl");
  ASSERT_EQ(lines.size(), expected.size()) << "one line a step";
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("step"), i);
    EXPECT_EQ(computed(lines[i]), computed(expected[i])) << "line " << i + 1;
  }
}

}  // namespace gtsa::test
