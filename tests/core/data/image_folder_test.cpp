#include "core/data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "core/base/error.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr std::string_view kJpegStart("\xFF\xD8\xFF\xE0\0\x10JFIF\0", 11);

void write(const fs::path& path, std::string_view content = "anything") {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::vector<std::string> listed(const fs::path& root, const ImageFolder& folder) {
  std::vector<std::string> result;
  for (const fs::path& path : folder.files()) result.push_back(path.lexically_relative(root).string());
  return result;
}

ImageFolder open(const fs::path& argument) { return ImageFolder(std::vector{argument}); }

std::string error_of(const std::vector<fs::path>& arguments) {
  try {
    ImageFolder folder(arguments);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "nothing";
}

/// Gives up root's right to read everything, if the test runs as root, for as long as it lives.
class OrdinaryUser {
 public:
  OrdinaryUser() {
    if (before_ == 0) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
  }
  ~OrdinaryUser() { EXPECT_EQ(::seteuid(before_), 0); }

 private:
  uid_t before_ = ::geteuid();
};

TEST(ImageFolder, ListsFilesRecursivelyInTheOrderOfTheirBytes) {
  const test::TemporaryFolder root;
  for (const char* name : {"b.jpg", "a/z.jpg", "a.jpg", "a/b/c.png", "B.jpg", "ä.jpg", "10.jpg", "9.jpg"})
    write(root / name);
  EXPECT_THAT(listed(root.path(), open(root.path())),
              ElementsAre("10.jpg", "9.jpg", "B.jpg", "a.jpg", "a/b/c.png", "a/z.jpg", "b.jpg", "ä.jpg"));
}

TEST(ImageFolder, CountsPicturesByExtensionOrContentAndIgnoresOthers) {
  const test::TemporaryFolder root;
  for (const char* name :
       {"a.JPG", "b.jpeg", "c.Png", "d.webp", "e.gif", "f.bmp", "g.TIFF", "notes.txt", "labels.json"}) {
    write(root / name);
  }
  write(root / "no_extension", kJpegStart);
  write(root / "wrong.txt", kJpegStart);
  write(root / "empty.dat", "");
  const ImageFolder folder = open(root.path());
  EXPECT_THAT(listed(root.path(), folder), ElementsAre("a.JPG", "b.jpeg", "c.Png", "d.webp", "e.gif", "f.bmp", "g.TIFF",
                                                       "no_extension", "wrong.txt"));
  EXPECT_EQ(folder.unsupported(), 3);
  EXPECT_EQ(folder.ignored(), 3);
  EXPECT_THAT(folder.description(),
              ElementsAre(EndsWith(
                  ": 9 photographs, 3 of them in formats that are not read (GIF, BMP, TIFF); 3 other files ignored")));
}

TEST(ImageFolder, JoinsSeveralArgumentsInTheirOrder) {
  const test::TemporaryFolder root;
  write(root / "one/b.jpg");
  write(root / "two/a.jpg");
  const std::vector<fs::path> arguments{root / "two", root / "one"};
  const ImageFolder folder(arguments);
  EXPECT_THAT(listed(root.path(), folder), ElementsAre("two/a.jpg", "one/b.jpg"));
  EXPECT_EQ(folder.description().size(), 2U);
}

TEST(ImageFolder, ReadsAListOfPathsRelativeToItsOwnFolder) {
  const test::TemporaryFolder root;
  write(root / "photos/a.jpg");
  write(root / "photos/b c.jpg");
  write(root / "lists/train.txt",
        "\xEF\xBB\xBF../photos/b c.jpg\r\n\n" + (root / "photos/a.jpg").string() + "\n../photos/gone.jpg");
  const ImageFolder folder = open(root / "lists/train.txt");
  ASSERT_EQ(folder.size(), 3);
  EXPECT_TRUE(fs::equivalent(folder.files()[0], root / "photos/b c.jpg"));
  EXPECT_TRUE(fs::equivalent(folder.files()[1], root / "photos/a.jpg"));
  EXPECT_EQ(folder.files()[2].filename(), "gone.jpg") << "what is missing counts, and will be a bad file";
}

TEST(ImageFolder, TakesOnlyTheTrainingPhotographsOfCoco) {
  const test::TemporaryFolder root;
  for (const char* name : {"coco/train2017/1.jpg", "coco/val2017/2.jpg", "coco/annotations/preview.png"})
    write(root / name);
  EXPECT_THAT(listed(root.path(), open(root / "coco")), ElementsAre("coco/train2017/1.jpg"));
  const ImageFolder from_above = open(root.path());
  EXPECT_THAT(listed(root.path(), from_above), ElementsAre("coco/train2017/1.jpg")) << "also when it is met on the way";
  EXPECT_THAT(from_above.description(),
              ElementsAre(AllOf(HasSubstr("coco: COCO layout"), HasSubstr("train2017/")), HasSubstr("1 photographs")));
}

TEST(ImageFolder, TakesOnlyTheTrainingPhotographsOfAde20k) {
  const test::TemporaryFolder root;
  for (const char* name : {"images/training/1.jpg", "images/validation/2.jpg", "annotations/training/1.png"})
    write(root / name);
  const ImageFolder folder = open(root.path());
  EXPECT_THAT(listed(root.path(), folder), ElementsAre("images/training/1.jpg"));
  EXPECT_THAT(folder.description().at(0), HasSubstr("ADE20K layout"));
}

TEST(ImageFolder, ReadsEachFolderOnceWhateverLinksLeadToIt) {
  const test::TemporaryFolder root;
  write(root / "a/1.jpg");
  write(root / "elsewhere/2.jpg");
  fs::create_directory_symlink("..", root / "a/up");
  fs::create_directory_symlink(root / "elsewhere", root / "a/link");
  fs::create_directory_symlink("self", root / "self");
  EXPECT_THAT(listed(root.path(), open(root.path())), ElementsAre("a/1.jpg", "a/link/2.jpg"));
}

TEST(ImageFolder, CountsPicturesBehindBrokenLinksSoThatTheyAreReported) {
  const test::TemporaryFolder root;
  write(root / "a.jpg");
  fs::create_symlink("nowhere", root / "broken.jpg");
  fs::create_symlink("circle.jpg", root / "circle.jpg");
  fs::create_symlink("nowhere", root / "broken.txt");
  const ImageFolder folder = open(root.path());
  EXPECT_THAT(listed(root.path(), folder), ElementsAre("a.jpg", "broken.jpg", "circle.jpg"));
  EXPECT_EQ(folder.ignored(), 1);
}

TEST(ImageFolder, NeverOpensAPipe) {
  const test::TemporaryFolder root;
  write(root / "a.jpg");
  ASSERT_EQ(::mkfifo((root / "pipe.jpg").c_str(), 0600), 0);
  EXPECT_THAT(listed(root.path(), open(root.path())), ElementsAre("a.jpg"));
}

TEST(ImageFolder, SaysWhatIsWrongInOneLine) {
  const test::TemporaryFolder root;
  const std::string here = root.path().string();
  EXPECT_EQ(error_of({}), "no photographs: --data is missing");
  EXPECT_EQ(error_of({root / "gone"}), "no photographs: " + here + "/gone does not exist");

  fs::create_directory(root / "empty");
  EXPECT_EQ(error_of({root / "empty"}), "no photographs: the folder " + here + "/empty is empty");

  write(root / "text/a.txt");
  write(root / "text/b.csv");
  EXPECT_EQ(error_of({root / "text"}),
            "no photographs: none of the 2 files in " + here + "/text is a picture (JPEG, PNG or WebP)");

  write(root / "old/a.bmp");
  EXPECT_EQ(error_of({root / "old"}),
            "no photographs: all 1 pictures of " + here +
                "/old are in formats that are not read (GIF, BMP, TIFF); convert them to JPEG, PNG or WebP");

  write(root / "photo.jpg", kJpegStart);
  EXPECT_EQ(error_of({root / "photo.jpg"}),
            here + "/photo.jpg is a picture: name its folder, or a text file that lists paths");

  write(root / "weights", std::string_view("\x08\0\0\0", 4));
  EXPECT_EQ(error_of({root / "weights"}),
            here + "/weights is neither a folder nor a text file that lists paths of photographs");

  write(root / "empty.txt", "\n\n");
  EXPECT_EQ(error_of({root / "empty.txt"}), "no photographs: the list " + here + "/empty.txt is empty");

  write(root / "moved.txt", "photos/a.jpg\nphotos/b.jpg\n");
  EXPECT_EQ(error_of({root / "moved.txt"}), "none of the 2 files that " + here +
                                                "/moved.txt lists exists; its paths are relative to "
                                                "the list's own folder (the first is taken as " +
                                                here + "/photos/a.jpg)");

  write(root / "folders.txt", "photo.jpg\ntext\n");
  EXPECT_EQ(error_of({root / "folders.txt"}),
            here + "/folders.txt:2: " + here + "/text is a folder: a list holds files; give the folder its own --data");
}

TEST(ImageFolder, NamesAFolderThatMayNotBeRead) {
  const test::TemporaryFolder root;
  write(root / "photos/a.jpg");
  write(root / "photos/closed/b.jpg");
  fs::permissions(root.path(), fs::perms::all);
  fs::permissions(root / "photos/closed", fs::perms::none);
  {
    const OrdinaryUser ordinary;
    EXPECT_EQ(error_of({root / "photos"}),
              "cannot read the folder " + (root / "photos/closed").string() + ": Permission denied");
  }
  fs::permissions(root / "photos/closed", fs::perms::all);
}

TEST(ImageFolder, FindsTheRealPhotographs) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs in ../shared/data";
  EXPECT_EQ(open(*data / "scenes-unlabeled" / "train").size(), 3510);
  EXPECT_EQ(open(*data / "scenes-seg").size(), 418) << "ADE20K's layout: the training photographs only";
}

}  // namespace
}  // namespace gtsa::data
