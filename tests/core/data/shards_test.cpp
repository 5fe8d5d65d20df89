#include "core/data/shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/loader.h"
#include "core/data/multicrop_recipe.h"
#include "pictures.h"
#include "support/tar_archive.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using test::tar_end;
using test::tar_entry;
using test::tar_header;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  write_atomically(real_files(), path, content);
}

FoundPhotographs find(const std::vector<fs::path>& arguments) { return find_photographs(arguments); }

std::vector<std::string> names(const Photographs& photographs) {
  std::vector<std::string> result;
  for (int64_t i = 0; i < photographs.size(); ++i) result.push_back(photographs.name(static_cast<uint64_t>(i)));
  return result;
}

std::string error_of(const std::vector<fs::path>& arguments) {
  try {
    find(arguments);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "nothing";
}

/// Why a photograph cannot be read.
std::string refusal(const PhotoRef& photo) {
  try {
    photo.read({});
  } catch (const image::ImageError& error) {
    return fmt::format("{} [{}]", error.what(), image::name_of(error.reason()));
  }
  return "nothing";
}

TEST(Shards, HoldPhotographsInTheOrderOfNamesAndMembers) {
  const test::TemporaryFolder root;
  write(root / "set/b.tar", tar_entry("2.jpg", "x") + tar_entry("1.PNG", "x") + tar_end());
  write(root / "set/a.TAR", tar_entry("img/3.webp", "x") + tar_entry("img/3.json", "{}") + tar_entry("img/3.cls", "7") +
                                tar_header("img/", 0, '5') + tar_entry("old.gif", "x") + tar_end());
  write(root / "set/index.json", "{}");
  write(root / "set/.cache/nothing", "");
  const FoundPhotographs found = find({root / "set"});
  const std::string set = (root / "set").string();
  EXPECT_THAT(names(found.photographs), ElementsAre(set + "/a.TAR:img/3.webp", set + "/a.TAR:old.gif",
                                                    set + "/b.tar:2.jpg", set + "/b.tar:1.PNG"));
  EXPECT_THAT(found.photographs.shard_sizes(), ElementsAre(2, 2));
  EXPECT_EQ(found.photographs[2].name(), set + "/b.tar:2.jpg");
  EXPECT_THAT(found.description,
              ElementsAre(set + ": 4 photographs in 2 shards, 1 of them in formats that are not read "
                                "(GIF, BMP, TIFF); 3 other members ignored"));
}

TEST(Shards, AreReadInTheOrderOfTheArguments) {
  const test::TemporaryFolder root;
  write(root / "b.tar", tar_entry("b.jpg", "x"));
  write(root / "a.tar", tar_entry("a.jpg", "x"));
  const FoundPhotographs found = find({root / "b.tar", root / "a.tar"});
  EXPECT_THAT(names(found.photographs), ElementsAre((root / "b.tar:b.jpg").string(), (root / "a.tar:a.jpg").string()));
  EXPECT_THAT(found.description, ElementsAre((root / "b.tar").string() + ": 1 photographs in 1 shard",
                                             (root / "a.tar").string() + ": 1 photographs in 1 shard"));
}

TEST(Shards, CountMembersThatBeginLikePictures) {
  const test::TemporaryFolder root;
  write(root / "a.tar", tar_entry("0001.img", "\xFF\xD8\xFF\xE0") + tar_entry("0001.txt", "caption") +
                            tar_entry("0002.txt", "") + tar_entry("long.txt", std::string(9000, 't')) + tar_end());
  const FoundPhotographs found = find({root / "a.tar"});
  EXPECT_THAT(names(found.photographs), ElementsAre((root / "a.tar").string() + ":0001.img"));
  EXPECT_THAT(found.description,
              ElementsAre((root / "a.tar").string() + ": 1 photographs in 1 shard; 3 other members ignored"));
}

TEST(Shards, DoNotReplaceThePhotographsOfAFolder) {
  const test::TemporaryFolder root;
  write(root / "packed/photo.jpg", "x");
  write(root / "packed/packed.tar", tar_entry("photo.jpg", "x"));
  write(root / "packed/packed.tar.gz", "\x1f\x8b");
  EXPECT_THAT(names(find({root / "packed"}).photographs), ElementsAre((root / "packed/photo.jpg").string()));
  write(root / "below/folder/photo.jpg", "x");
  write(root / "below/packed.tar", tar_entry("photo.jpg", "x"));
  const Photographs below = find({root / "below"}).photographs;
  EXPECT_THAT(names(below), ElementsAre((root / "below/folder/photo.jpg").string()));
  EXPECT_THAT(below.shard_sizes(), IsEmpty());
}

TEST(Shards, ThatCannotBeReadAreNamedWithTheByte) {
  const test::TemporaryFolder root;
  const std::string here = root.path().string();
  const std::string entry = tar_entry("a.jpg", "x");
  for (const char* name : {"set/a.tar", "set/c.tar"}) write(root / name, entry);
  write(root / "set/b.tar", entry + std::string(600, 'x'));
  write(root / "set/d.tar", "torn header");
  EXPECT_EQ(error_of({root / "set"}),
            "cannot read the shard " + here +
                "/set/b.tar: no header where one is due: its checksum does not fit (byte 1024)");
  EXPECT_EQ(error_of({root / "set/d.tar"}),
            "cannot read the shard " + here + "/set/d.tar: the archive ends inside a header, 11 bytes long (byte 0)");

  write(root / "texts.tar", tar_entry("a.txt", "x") + tar_entry("b.cls", "1"));
  EXPECT_EQ(error_of({root / "texts.tar"}),
            "no photographs: none of the 2 members of " + here + "/texts.tar is a picture (JPEG, PNG or WebP)");
  write(root / "old.tar", tar_entry("a.gif", "x"));
  EXPECT_EQ(error_of({root / "old.tar"}), "no photographs: all 1 pictures of " + here +
                                              "/old.tar are in formats that are not read (GIF, BMP, TIFF); convert "
                                              "them to JPEG, PNG or WebP");
  write(root / "packed/a.tar.gz", "\x1f\x8b");
  const std::string compressed =
      "/packed/a.tar.gz is compressed: unpack it to a plain .tar, only these can be read at any place";
  EXPECT_EQ(error_of({root / "packed"}), here + compressed);
  EXPECT_EQ(error_of({root / "packed/a.tar.gz"}), here + compressed);
  write(root / "misnamed.tar", std::string("\x1f\x8b\x08") + std::string(600, 'z'));
  EXPECT_EQ(error_of({root / "misnamed.tar"}), "cannot read the shard " + here +
                                                   "/misnamed.tar: compressed with gzip: unpack it, only plain tar "
                                                   "archives can be read at any place (byte 0)");
  fs::create_directory(root / "links");
  fs::create_symlink("nowhere", root / "links/a.tar");
  EXPECT_EQ(error_of({root / "links"}), "cannot read " + here + "/links/a.tar: No such file or directory");
  EXPECT_EQ(error_of({root / "gone.tar"}), "no photographs: " + here + "/gone.tar does not exist");
}

TEST(Shards, AreNotMixedWithOtherArguments) {
  const test::TemporaryFolder root;
  write(root / "a.tar", tar_entry("a.jpg", "x"));
  write(root / "photos/b.jpg", "x");
  EXPECT_EQ(error_of({root / "photos", root / "a.tar"}), "--data " + (root / "a.tar").string() +
                                                             " names shards and --data " + (root / "photos").string() +
                                                             " does not: one run reads either");
}

TEST(Shards, ThatWereCutKeepTheirLastMemberAsABadPhotograph) {
  const test::TemporaryFolder root;
  const std::string shard = (root / "a.tar").string();
  write(shard, tar_entry("a.jpg", "x") + tar_header("b.jpg", 3000) + std::string(500, 'x'));
  const FoundPhotographs found = find({shard});
  ASSERT_EQ(found.photographs.size(), 2);
  EXPECT_THAT(found.description,
              ElementsAre(shard + ": cut at byte 2036, inside its last member; what came after it is lost",
                          shard + ": 2 photographs in 1 shard"));
  EXPECT_EQ(refusal(found.photographs[1]),
            shard + ":b.jpg: the shard ends at byte 2036, the picture would at byte 4536 [truncated]");
}

TEST(Shards, ThatShrinkOrVanishLaterGiveBadPhotographs) {
  const test::TemporaryFolder root;
  const std::string shard = (root / "a.tar").string();
  write(shard, tar_entry("a.jpg", std::string(3000, 'x')) + tar_entry("b.jpg", ""));
  const Photographs photographs = find({shard}).photographs;
  EXPECT_EQ(refusal(photographs[0]),
            shard + ":a.jpg: not an image: its first bytes are of no picture format [not_an_image]");
  EXPECT_EQ(refusal(photographs[1]), shard + ":b.jpg: the file is empty [empty]");
  fs::resize_file(shard, 1000);
  EXPECT_EQ(refusal(photographs[0]),
            shard + ":a.jpg: the shard ends at byte 1000, the picture would at byte 3512 [truncated]");
  fs::remove(shard);
  EXPECT_EQ(refusal(photographs[0]),
            shard + ":a.jpg: cannot read " + shard + ": No such file or directory [unreadable]");
  photographs[0].will_need();
  fs::create_directory(shard);
  EXPECT_EQ(refusal(photographs[0]), shard + ":a.jpg: cannot read " + shard + ": it is no regular file [unreadable]");
}

TEST(Shards, RefuseMembersThatAreTooLargeForAPicture) {
  const test::TemporaryFolder root;
  const std::string shard = (root / "a.tar").string();
  write(shard, tar_header("huge.jpg", uint64_t{300} << 20));
  fs::resize_file(shard, uint64_t{301} << 20);  // a hole: it takes no place
  EXPECT_EQ(refusal(find({shard}).photographs[0]),
            shard + ":huge.jpg has 314572800 bytes, more than the 268435456 allowed for a picture [too_large]");
}

/// Photographs in a folder, and the same ones in shards of three.
class SameInShards : public ::testing::Test {
 protected:
  static constexpr int kPhotographs = 11;

  SameInShards() {
    for (int first = 0; first < kPhotographs; first += 3) {
      std::string archive;
      for (int i = first; i < std::min(first + 3, kPhotographs); ++i) {
        const std::string name = fmt::format("photo-{:02}.jpg", i);
        fs::create_directories(root_ / "loose");
        image::write_jpeg(real_files(), root_ / "loose" / name, noisy_picture({40 + i, 30}, static_cast<uint64_t>(i)),
                          90);
        if (i == kBad) write(root_ / "loose" / name, "no picture any more");
        archive +=
            tar_entry(name, read_text(root_ / "loose" / name)) + tar_entry(fmt::format("photo-{:02}.cls", i), "1");
      }
      write(root_ / "shards" / fmt::format("{}.tar", first), archive + tar_end());
    }
    // "0", "3", "6", "9": sorted as the photographs are.
    options_.views.crop_sizes = {32, 16};
    options_.views.num_crops = {2, 3};
    options_.patch_size = 8;
  }

  struct Loaded {
    std::vector<std::vector<std::byte>> batches;
    std::vector<std::string> bad;
    bool operator==(const Loaded&) const = default;
  };

  Loaded load(const char* what, const EpochSampler& sampler, int workers, int64_t first, int64_t count) const {
    const MultiCropRecipe recipe(options_);
    LoaderOptions options;
    options.workers = workers;
    options.first_iteration = first;
    options.max_bad_share = 0.5;
    Loader loader(find({root_ / what}).photographs, sampler, recipe, options);
    Loaded loaded;
    for (int64_t i = 0; i < count; ++i) {
      const auto batch = loader.next();
      std::vector<std::byte> bytes;
      for (const Buffer& buffer : batch->buffers)
        bytes.insert(bytes.end(), buffer.data.get(), buffer.data.get() + buffer.spec.bytes());
      for (const SampleKey& key : batch->keys) bytes.push_back(static_cast<std::byte>(key.file));
      loaded.batches.push_back(std::move(bytes));
    }
    for (const BadFile& bad : loader.bad_files()) loaded.bad.push_back(bad.name + "|" + bad.reason);
    return loaded;
  }

  EpochSampler in_shards(int64_t buffer) const {
    return EpochSampler(kPhotographs, 3, 7).in_shards({{3, 3, 3, 2}, buffer});
  }

  static constexpr int kBad = 4;
  test::TemporaryFolder root_;
  MultiCropOptions options_;
};

TEST_F(SameInShards, GiveTheSameBatchesWhereTheOrderIsTheSame) {
  const EpochSampler order(kPhotographs, 3, 7);
  EXPECT_EQ(load("shards", order, 2, 0, 7).batches, load("loose", order, 2, 0, 7).batches);
}

TEST_F(SameInShards, GiveTheSameBatchesForAnyWorkerCountAndFromAnyIteration) {
  for (const int64_t buffer : {1, 4, 100}) {
    const Loaded one = load("shards", in_shards(buffer), 1, 0, 8);
    EXPECT_EQ(one, load("shards", in_shards(buffer), 2, 0, 8));
    EXPECT_EQ(one, load("shards", in_shards(buffer), 7, 0, 8));
    const auto later = load("shards", in_shards(buffer), 3, 5, 3).batches;
    EXPECT_TRUE(std::equal(later.begin(), later.end(), one.batches.begin() + 5)) << "buffer " << buffer;
  }
}

TEST_F(SameInShards, NameTheBadMember) {
  const std::string name = (root_ / "shards/3.tar:photo-04.jpg").string();
  EXPECT_THAT(load("shards", in_shards(4), 2, 0, 4).bad,
              ElementsAre(name + "|" + name + ": not an image: its first bytes are of no picture format"));
}

TEST_F(SameInShards, StopTheRunWithTheListOfBadMembers) {
  const MultiCropRecipe recipe(options_);
  Loader loader(find({root_ / "shards"}).photographs, in_shards(4), recipe, {});
  try {
    for (int i = 0; i < 4; ++i) loader.next();
    ADD_FAILURE() << "one of 11 is more than a hundredth";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "1 of 11 files cannot be used, more than the share of 0.01 that --max-bad-share allows: " +
                  (root_ / "shards/3.tar").string() +
                  ":photo-04.jpg: not an image: its first bytes are of no picture format");
  }
}

}  // namespace
}  // namespace gtsa::data
