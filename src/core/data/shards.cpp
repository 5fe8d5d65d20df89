#include "core/data/shards.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <functional>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/data/image_folder.h"
#include "core/data/shard_file.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

bool is_compressed_tar(const fs::path& path) {
  const std::string name = path.filename().string();
  const auto ends_with = [&](auto... ends) { return (name.ends_with(ends) || ...); };
  return ends_with(".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.lz4");
}

bool is_folder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed);
}

[[noreturn]] void refuse_compressed(const fs::path& path) {
  throw Error("{} is compressed: unpack it to a plain .tar, only these can be read at any place", path.string());
}

/// The shards of a folder, sorted; none if it holds something that ImageFolder would read.
std::vector<fs::path> shards_in(const fs::path& folder) {
  std::vector<fs::path> shards, compressed;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    const fs::path& entry = it->path();
    if (is_folder(entry)) {
      if (!entry.filename().string().starts_with('.')) return {};
    } else if (is_picture_by_name(entry)) {
      return {};
    } else if (is_tar_by_name(entry)) {
      shards.push_back(entry);
    } else if (is_compressed_tar(entry)) {
      compressed.push_back(entry);
    }
  }
  if (failed) throw Error("cannot read the folder {}: {}", folder.string(), failed.message());
  if (!compressed.empty()) refuse_compressed(*std::min_element(compressed.begin(), compressed.end()));
  std::sort(shards.begin(), shards.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return shards;
}

/// The shards that an argument names; none if it is for ImageFolder.
std::vector<fs::path> shards_of(const fs::path& argument) {
  if (is_folder(argument)) return shards_in(argument);
  if (is_compressed_tar(argument)) refuse_compressed(argument);
  std::error_code failed;
  if (is_tar_by_name(argument) && fs::exists(argument, failed)) return {argument};
  return {};
}

/// Reads a shard's headers. A header, a caption of a few bytes and the header after it come with one read.
class HeaderReader {
 public:
  explicit HeaderReader(const fs::path& path) : file_(path) {}
  uint64_t size() const { return file_.size(); }

  void operator()(uint64_t offset, std::span<std::byte> out) {
    if (offset < begin_ || offset + out.size() > begin_ + held_.size()) {
      begin_ = offset;
      held_.resize(std::min(std::max<uint64_t>(kAtOnce, out.size()), size() - offset));
      held_.resize(file_.read(offset, held_));
    }
    if (offset + out.size() > begin_ + held_.size()) {
      throw Error("it became shorter than its {} bytes while it was read", size());
    }
    std::memcpy(out.data(), held_.data() + (offset - begin_), out.size());
  }

 private:
  static constexpr uint64_t kAtOnce = 4096;
  ShardFile file_;
  uint64_t begin_ = 0;
  std::vector<std::byte> held_;  ///< the file's bytes from begin_ on
};

/// What one shard holds.
struct Contents {
  std::vector<formats::TarMember> photographs;
  int64_t unsupported = 0;
  int64_t ignored = 0;
  bool is_torn = false;  ///< it was cut inside its last member
  uint64_t bytes = 0;
};

Contents contents_of(const fs::path& path) {
  Contents contents;
  HeaderReader read(path);
  const auto add = [&](formats::TarMember&& member) {
    FileKind kind = kind_by_name(member.name);
    if (kind == FileKind::other) {
      std::array<std::byte, image::kMagicBytes> bytes{};
      const std::span first(bytes.data(), std::min({bytes.size(), member.size, read.size() - member.offset}));
      read(member.offset, first);
      if (image::looks_like_a_picture(first)) kind = FileKind::picture;
    }
    if (kind == FileKind::other) {
      ++contents.ignored;
      return;
    }
    if (kind == FileKind::unsupported) ++contents.unsupported;
    contents.photographs.push_back(std::move(member));
  };
  try {
    const formats::TarWalk walk = formats::walk_tar(read.size(), std::ref(read), add);
    contents.ignored += static_cast<int64_t>(walk.others);
    contents.is_torn = walk.torn;
    contents.bytes = read.size();
  } catch (const Error& error) {
    throw Error("cannot read the shard {}: {}", path.string(), error.what());
  }
  return contents;
}

/// Of each shard; the first one that cannot be read throws.
std::vector<Contents> contents_of(std::span<const fs::path> shards) {
  std::vector<Contents> contents(shards.size());
  std::vector<std::exception_ptr> failed(shards.size());
  parallel_for(std::ssize(shards), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      try {
        contents[i] = contents_of(shards[i]);
      } catch (const Error&) {
        failed[i] = std::current_exception();
      }
    }
  });
  for (const std::exception_ptr& error : failed) {
    if (error) std::rethrow_exception(error);
  }
  return contents;
}

/// Adds what an argument's shards hold.
void add_shards(const fs::path& argument, const std::vector<fs::path>& files, std::vector<Shard>& shards,
                std::vector<std::string>& description) {
  Contents all;
  size_t photographs = 0;
  for (size_t i = 0; Contents & contents : contents_of(files)) {
    photographs += contents.photographs.size();
    all.unsupported += contents.unsupported;
    all.ignored += contents.ignored;
    if (contents.is_torn) {
      description.push_back(fmt::format("{}: cut at byte {}, inside its last member; what came after it is lost",
                                        files[i].string(), contents.bytes));
    }
    shards.push_back({files[i++], std::move(contents.photographs)});
  }
  if (photographs == 0) {
    throw Error("no photographs: none of the {} members of {} is a picture (JPEG, PNG or WebP)", all.ignored,
                argument.string());
  }
  if (all.unsupported == static_cast<int64_t>(photographs)) {
    throw Error(
        "no photographs: all {} pictures of {} are in formats that are not read (GIF, BMP, TIFF); convert them to "
        "JPEG, "
        "PNG or WebP",
        all.unsupported, argument.string());
  }
  std::string line = fmt::format("{}: {} photographs in {} shard{}", argument.string(), photographs, files.size(),
                                 files.size() == 1 ? "" : "s");
  if (all.unsupported > 0)
    line += fmt::format(", {} of them in formats that are not read (GIF, BMP, TIFF)", all.unsupported);
  if (all.ignored > 0) line += fmt::format("; {} other members ignored", all.ignored);
  description.push_back(std::move(line));
}

}  // namespace

FoundPhotographs find_photographs(std::span<const fs::path> arguments) {
  const fs::path *sharded = nullptr, *loose = nullptr;
  std::vector<std::vector<fs::path>> files;
  for (const fs::path& argument : arguments) {
    files.push_back(shards_of(argument));
    (files.back().empty() ? loose : sharded) = &argument;
  }
  if (sharded == nullptr) {
    const ImageFolder folder(arguments);
    return {folder.files(), folder.description()};
  }
  if (loose != nullptr) {
    throw UsageError("--data {} names shards and --data {} does not: one run reads either", sharded->string(),
                     loose->string());
  }
  std::vector<Shard> shards;
  std::vector<std::string> description;
  for (size_t i = 0; i < files.size(); ++i) add_shards(arguments[i], files[i], shards, description);
  return {Photographs(std::move(shards)), std::move(description)};
}

}  // namespace gtsa::data
