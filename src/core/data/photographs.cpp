#include "core/data/photographs.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/base/error.h"
#include "core/data/shard_file.h"

namespace gtsa::data {
namespace {

using image::ImageError;
using image::Reason;

std::string member_name(const std::filesystem::path& shard, const formats::TarMember& member) {
  return fmt::format("{}:{}", shard.string(), member.name);
}

}  // namespace

std::string PhotoRef::name() const { return is_member_ ? member_name(file_, member_) : file_.string(); }

image::Image PhotoRef::read(const image::DecodeOptions& options) const {
  if (!is_member_) return image::read_image(file_, options);
  const std::vector<std::byte> bytes = member_bytes();
  try {
    return image::decode(bytes, options);
  } catch (const ImageError& error) {
    throw ImageError(error.reason(), fmt::format("{}: {}", name(), error.what()));
  }
}

std::vector<std::byte> PhotoRef::member_bytes() const {
  if (member_.size > image::kMostPictureBytes) {
    throw ImageError(Reason::too_large, fmt::format("{} has {} bytes, more than the {} allowed for a picture", name(),
                                                    member_.size, image::kMostPictureBytes));
  }
  try {
    const ShardFile shard(file_);
    // Before memory is taken: what a torn member claims is not there.
    const uint64_t end = member_.offset + member_.size;
    uint64_t shard_end = shard.size();
    if (end <= shard_end) {
      std::vector<std::byte> bytes(member_.size);
      const size_t count = shard.read(member_.offset, bytes);
      if (count == bytes.size()) return bytes;
      shard_end = member_.offset + count;
    }
    throw ImageError(Reason::truncated, fmt::format("{}: the shard ends at byte {}, the picture would at byte {}",
                                                    name(), shard_end, end));
  } catch (const std::bad_alloc&) {
    throw ImageError(Reason::too_large, fmt::format("{}: there is not memory enough to read it", name()));
  } catch (const ImageError&) {
    throw;
  } catch (const Error& error) {
    throw ImageError(Reason::unreadable, fmt::format("{}: {}", name(), error.what()));
  }
}

void PhotoRef::will_need() const {
  if (!is_member_) return;
  try {
    ShardFile(file_).will_need(member_.offset, member_.size);
  } catch (const Error&) {
    // Whoever reads it says what is wrong.
  }
}

Photographs::Photographs(std::vector<std::filesystem::path> files)
    : files_(std::make_shared<const std::vector<std::filesystem::path>>(std::move(files))) {}

Photographs::Photographs(std::vector<Shard> shards)
    : shards_(std::make_shared<const std::vector<Shard>>(std::move(shards))) {
  firsts_.push_back(0);
  for (const Shard& shard : *shards_) firsts_.push_back(firsts_.back() + std::ssize(shard.photographs));
}

size_t Photographs::shard_of(uint64_t index) const {
  const auto next = std::upper_bound(firsts_.begin(), firsts_.end(), static_cast<int64_t>(index));
  GTSA_CHECK(next != firsts_.end(), "photograph {} of {}", index, size());
  return static_cast<size_t>(next - firsts_.begin()) - 1;
}

PhotoRef Photographs::operator[](uint64_t index) const {
  if (files_) return (*files_)[index];
  const size_t i = shard_of(index);
  const Shard& shard = (*shards_)[i];
  return {shard.file, shard.photographs[index - static_cast<uint64_t>(firsts_[i])]};
}

std::string Photographs::name(uint64_t index) const {
  if (files_) return (*files_)[index].string();
  const size_t i = shard_of(index);
  const Shard& shard = (*shards_)[i];
  return member_name(shard.file, shard.photographs[index - static_cast<uint64_t>(firsts_[i])]);
}

std::vector<int64_t> Photographs::shard_sizes() const {
  std::vector<int64_t> sizes;
  for (size_t i = 1; i < firsts_.size(); ++i) sizes.push_back(firsts_[i] - firsts_[i - 1]);
  return sizes;
}

}  // namespace gtsa::data
