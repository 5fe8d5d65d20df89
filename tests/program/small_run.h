#pragma once
// A pretraining run that takes a second, and what a run's folder holds.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program/process.h"

namespace gtsa::test {

constexpr int64_t kSmallSteps = 48;  ///< of a small run; it saves every third

/// `count` photographs photo-000.jpg ... of shapes and noise, 48 x 40 pixels, in a new folder.
void make_photographs(const std::filesystem::path& folder, int count, uint64_t seed = 0);

/// `pretrain` of a tiny network: 16 channels, views of 16 and 8 pixels, batch 4, one thread, one worker; more flags may
/// follow and win.
std::vector<std::string> small_pretrain(const std::filesystem::path& data, const std::filesystem::path& out,
                                        const std::vector<std::string>& more = {});
/// `pretrain --resume` of the run in `out`.
std::vector<std::string> resume(const std::filesystem::path& out, const std::vector<std::string>& more = {});

/// Every line of metrics.jsonl or events.jsonl; a torn last line is left out.
std::vector<nlohmann::json> lines_of(const std::filesystem::path& path);
/// Whole lines of a file that is being written.
int64_t count_lines(const std::filesystem::path& path);
/// Newest last.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& run);

/// Fails the test unless both files are there with the same bytes.
void expect_same_bytes(const std::filesystem::path& file, const std::filesystem::path& other);
/// Fails unless `run` ended as `straight` did: encoder and newest checkpoint to the bit, one line of metrics a step
/// with equal figures.
void expect_same_end(const std::filesystem::path& run, const std::filesystem::path& straight);

}  // namespace gtsa::test
