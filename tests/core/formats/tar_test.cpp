#include "core/formats/tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "support/tar_archive.h"

namespace gtsa::formats {
namespace {

using test::pax_record;
using test::tar_blocks;
using test::tar_end;
using test::tar_entry;
using test::tar_header;
using test::with_field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  std::vector<std::string> files;  ///< "NAME=CONTENT"
  TarWalk walk;
};

/// Walks over an archive and takes each member's content; fails the test where it is asked for bytes beyond the end.
Read read(const std::string& archive) {
  Read result;
  const auto bytes = [&](uint64_t offset, std::span<std::byte> out) {
    ASSERT_LE(offset, archive.size());
    ASSERT_LE(out.size(), archive.size() - offset);
    std::memcpy(out.data(), archive.data() + offset, out.size());
  };
  result.walk = walk_tar(archive.size(), bytes, [&](TarMember&& member) {
    result.files.push_back(member.name + "=" + archive.substr(member.offset, member.size));
  });
  return result;
}

std::vector<std::string> files(const std::string& archive) { return read(archive).files; }

std::string error_of(const std::string& archive) {
  try {
    read(archive);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "nothing";
}

const std::string kA = tar_entry("a.jpg", "alpha");

TEST(Tar, GivesFilesInTheArchivesOrder) {
  const std::string archive = tar_entry("b/1.jpg", "beta") + kA + tar_entry("empty", "") +
                              tar_entry("whole", std::string(1024, 'x')) + tar_end();
  EXPECT_THAT(files(archive), ElementsAre("b/1.jpg=beta", "a.jpg=alpha", "empty=", "whole=" + std::string(1024, 'x')));
  EXPECT_EQ(read(archive).walk.others, 0U);
  EXPECT_FALSE(read(archive).walk.torn);
}

TEST(Tar, OfNothingHasNoMembers) {
  EXPECT_THAT(files(""), IsEmpty());
  EXPECT_THAT(files(tar_end()), IsEmpty());
}

TEST(Tar, EndsWithItsFileWhereTheEndMarkIsMissing) {
  EXPECT_THAT(files(kA), ElementsAre("a.jpg=alpha"));
  EXPECT_THAT(files(kA + std::string(512, '\0')), ElementsAre("a.jpg=alpha")) << "half an end mark";
  EXPECT_THAT(files(kA.substr(0, 512 + 5)), ElementsAre("a.jpg=alpha")) << "nor is its last block filled";
}

TEST(Tar, TakesTheZerosThatFillTheLastRecord) {
  EXPECT_THAT(files(kA + std::string(10240, '\0')), ElementsAre("a.jpg=alpha"));
}

TEST(Tar, JoinsFolderAndNameOfPosixHeaders) {
  const std::string header = with_field(tar_header("a.jpg", 1), 345, "some/folder");
  EXPECT_THAT(files(header + tar_blocks("x")), ElementsAre("some/folder/a.jpg=x"));
  EXPECT_THAT(files(with_field(header, 257, "ustar  ") + tar_blocks("x")), ElementsAre("a.jpg=x"))
      << "GNU keeps times there";
  EXPECT_THAT(files(tar_entry(std::string(100, 'n'), "x")), ElementsAre(std::string(100, 'n') + "=x"))
      << "a name that fills its field has no NUL";
}

TEST(Tar, ReadsHeadersFromBeforePosix) {
  const std::string magic(8, '\0');
  EXPECT_THAT(files(with_field(tar_header("a.jpg", 1, '\0'), 257, magic) + tar_blocks("x")), ElementsAre("a.jpg=x"));
  const Read folder = read(with_field(tar_header("a/", 0, '\0'), 257, magic) + kA);
  EXPECT_THAT(folder.files, ElementsAre("a.jpg=alpha"));
  EXPECT_EQ(folder.walk.others, 1U);
}

TEST(Tar, TakesChecksumsOfSignedBytes) {
  std::string header = tar_header("\xE4\xF6.jpg", 1);
  // Two bytes of 128 and more count 256 less each.
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  std::snprintf(header.data() + 148, 7, "%06o", sum - 512);
  EXPECT_THAT(files(header + tar_blocks("x")), ElementsAre("\xE4\xF6.jpg=x"));
}

TEST(Tar, ReadsLongNamesOfGnu) {
  const std::string name = std::string(300, 'n') + "/photo.jpg";
  const std::string extension = tar_entry("././@LongLink", name + '\0', 'L');
  EXPECT_THAT(files(extension + tar_entry("cut", "x") + kA), ElementsAre(name + "=x", "a.jpg=alpha"));
  const std::string target = tar_entry("././@LongLink", std::string(600, 't'), 'K');
  EXPECT_THAT(files(target + tar_header("link", 0, '2') + kA), ElementsAre("a.jpg=alpha"));
}

TEST(Tar, ReadsPathsAndSizesOfPax) {
  const std::string name = std::string(200, 'p') + "/ä=b.jpg";
  const std::string records = pax_record("mtime", "1.5") + pax_record("path", name) + pax_record("comment", "");
  EXPECT_THAT(files(tar_entry("pax", records, 'x') + tar_entry("cut", "x") + kA),
              ElementsAre(name + "=x", "a.jpg=alpha"));
  EXPECT_THAT(files(tar_entry("pax", pax_record("size", "3"), 'x') + tar_header("big", 0) + tar_blocks("abc") + kA),
              ElementsAre("big=abc", "a.jpg=alpha"))
      << "for files of 8 GiB and more the header's own size says nothing";
  EXPECT_THAT(files(tar_entry("pax", pax_record("path", "for all"), 'g') + kA), ElementsAre("a.jpg=alpha"));
  const std::string both = tar_entry("././@LongLink", "gnu", 'L') + tar_entry("pax", pax_record("path", "pax"), 'x');
  EXPECT_THAT(files(both + kA + kA), ElementsAre("pax=alpha", "a.jpg=alpha"));
}

TEST(Tar, ReadsSizesBeyondOctalDigits) {
  std::string size(12, '\0');
  size[0] = '\x80';
  size[11] = 3;
  EXPECT_THAT(files(with_field(tar_header("a", 0), 124, size) + tar_blocks("abc") + kA),
              ElementsAre("a=abc", "a.jpg=alpha"));
  EXPECT_THAT(files(with_field(tar_header("a", 0), 124, "          3 ") + tar_blocks("abc")), ElementsAre("a=abc"));
  EXPECT_THAT(files(with_field(tar_header("a", 0), 124, std::string(12, '\0'))), ElementsAre("a="));
}

TEST(Tar, PassesOverWhatIsNoPlainFileAndCountsIt) {
  std::string archive;
  for (const char type : {'1', '2', '3', '4', '5', '6'}) archive += tar_header("no content", 700, type);
  archive += tar_entry("a volume's label", "content", 'V');
  const Read got = read(archive + kA);
  EXPECT_THAT(got.files, ElementsAre("a.jpg=alpha"));
  EXPECT_EQ(got.walk.others, 7U);
}

TEST(Tar, PassesOverSparseFiles) {
  const std::string map = std::string(504, '\0') + '\1' + std::string(7, '\0');
  const std::string old = with_field(tar_header("sparse", 3, 'S'), 482, "\1");
  EXPECT_THAT(files(old + map + std::string(512, '\0') + tar_blocks("abc") + kA), ElementsAre("a.jpg=alpha"));
  EXPECT_THAT(files(tar_entry("sparse", "abc", 'S') + kA), ElementsAre("a.jpg=alpha"));
  const std::string pax = tar_entry("pax", pax_record("GNU.sparse.major", "1"), 'x');
  EXPECT_THAT(files(pax + tar_entry("sparse", "abc") + kA), ElementsAre("a.jpg=alpha"));
  EXPECT_EQ(error_of(old + map.substr(0, 100)), "the archive ends inside the map of a sparse file (byte 512)");
}

TEST(Tar, KeepsALastMemberThatIsTorn) {
  std::vector<TarMember> members;
  const std::string archive = kA + tar_header("b.jpg", 2000) + std::string(700, 'x');
  const TarWalk walk = walk_tar(
      archive.size(),
      [&](uint64_t offset, std::span<std::byte> out) { std::memcpy(out.data(), archive.data() + offset, out.size()); },
      [&](TarMember&& member) { members.push_back(std::move(member)); });
  EXPECT_TRUE(walk.torn);
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[1].name, "b.jpg");
  EXPECT_EQ(members[1].offset, 1536U);
  EXPECT_EQ(members[1].size, 2000U);
}

TEST(Tar, SaysWhereAnArchiveIsWrong) {
  EXPECT_EQ(error_of(kA + std::string(100, 'x')), "the archive ends inside a header, 1124 bytes long (byte 1024)");
  EXPECT_EQ(error_of("short"), "the archive ends inside a header, 5 bytes long (byte 0)");
  EXPECT_EQ(error_of(std::string(2000, 'x')), "no tar archive: the checksum of its first header does not fit (byte 0)");
  EXPECT_EQ(error_of(kA + std::string(512, 'x')), "no header where one is due: its checksum does not fit (byte 1024)");
  std::string flipped = kA + kA;
  flipped[1024] = 'b';
  EXPECT_EQ(error_of(flipped), "no header where one is due: its checksum does not fit (byte 1024)");
  EXPECT_EQ(error_of(kA + tar_end() + kA),
            "something follows the end mark: archives that were joined are not read, give each its own file "
            "(byte 2048)");
  EXPECT_EQ(error_of(kA + std::string(512, '\0') + kA).substr(0, 33), "something follows the end mark: a")
      << "nor after half of one";
  EXPECT_EQ(error_of(tar_end() + std::string(size_t{1} << 20, '\0')),
            "1049600 bytes follow where the archive ends (byte 0)");
}

TEST(Tar, RefusesSizesThatAreNone) {
  const auto error_of_size = [](const std::string& field) {
    return error_of(with_field(tar_header("a", 0), 124, field));
  };
  const std::string refused = "the size of an entry is no number of up to 63 bits (byte 0)";
  EXPECT_EQ(error_of_size("0000000000x"), refused);
  EXPECT_EQ(error_of_size("00000000009"), refused);
  EXPECT_EQ(error_of_size("-0000000001"), refused);
  EXPECT_EQ(error_of_size("1 1        "), refused);
  EXPECT_EQ(error_of_size(std::string(12, '\xFF')), refused) << "a negative one";
  EXPECT_EQ(error_of_size("\x80" + std::string(3, '\0') + std::string(8, '\xFF')), refused) << "64 bits";
  std::string most = "\x80" + std::string(3, '\0') + "\x7F" + std::string(7, '\xFF');
  EXPECT_TRUE(read(with_field(tar_header("a", 0), 124, most)).walk.torn) << "2^63 - 1";
}

TEST(Tar, RefusesExtensionsThatDoNotHold) {
  const auto pax = [](const std::string& records) { return error_of(tar_entry("pax", records, 'x') + kA); };
  EXPECT_EQ(pax("no length\n"), "a broken pax record: no length that fits (byte 512)");
  EXPECT_EQ(pax("99 path=a\n"), "a broken pax record: no length that fits (byte 512)");
  EXPECT_EQ(pax("8 path=a\n"), "a broken pax record: no length that fits (byte 512)");
  EXPECT_EQ(pax("0 path=a\n"), "a broken pax record: no length that fits (byte 512)");
  EXPECT_EQ(pax("2 path=a\n"), "a broken pax record: no length that fits (byte 512)");
  EXPECT_EQ(pax("99999999999999999999999 path=a\n"), "a broken pax record: no length that fits (byte 512)");
  EXPECT_EQ(pax(pax_record("a", "b") + "8 path\n\n"), "a broken pax record: no '=' (byte 518)");
  EXPECT_EQ(pax(pax_record("path", std::string("a\0b", 3))), "a pax path with a NUL (byte 512)");
  EXPECT_EQ(pax(pax_record("size", "-1")), "a pax size that is no number of up to 63 bits (byte 512)");
  EXPECT_EQ(error_of(tar_header("long", 2'000'000, 'L')),
            "a long name or pax records of 2000000 bytes; at most 1048576 are read (byte 0)");
  EXPECT_EQ(error_of(tar_header("long", 600, 'L') + std::string(599, 'n')),
            "the archive ends inside a long name or pax records (byte 0)");
  EXPECT_EQ(error_of(kA + tar_entry("long", "name", 'L') + tar_end()),
            "the archive ends after a long name, before the file that it belongs to (byte 1024)");
}

TEST(Tar, NamesTheProgramThatCompressedAnArchive) {
  const auto begins = [](std::string magic) {
    magic.resize(1024, 'z');
    return error_of(magic);
  };
  for (const auto& [magic, name] : std::vector<std::pair<std::string, std::string>>{{"\x1f\x8b\x08", "gzip"},
                                                                                    {"BZh9", "bzip2"},
                                                                                    {"\xfd"
                                                                                     "7zXZ" +
                                                                                         std::string(1, '\0'),
                                                                                     "xz"},
                                                                                    {"\x28\xb5\x2f\xfd", "zstd"},
                                                                                    {"\x04\x22\x4d\x18", "lz4"}}) {
    EXPECT_EQ(begins(magic),
              "compressed with " + name + ": unpack it, only plain tar archives can be read at any place (byte 0)");
  }
}

TEST(Tar, SurvivesAnyCutAndAnyFlippedByte) {
  const std::string archive = tar_entry("././@LongLink", std::string(120, 'n'), 'L') + kA +
                              tar_entry("pax", pax_record("path", "p"), 'x') + kA + kA + tar_end();
  for (size_t cut = 0; cut < archive.size(); cut += 7) error_of(archive.substr(0, cut));
  Rng rng({.seed = 1});
  for (int i = 0; i < 2000; ++i) {
    std::string other = archive;
    const size_t block = 512 * rng.below(static_cast<uint32_t>(archive.size() / 512));
    const std::string byte(1, static_cast<char>(rng.below(256)));
    const size_t at = rng.below(512);
    // With a checksum that fits, or the flip would be refused at once.
    other.replace(block, 512, with_field(other.substr(block, 512), at, byte));
    error_of(other);
  }
}

}  // namespace
}  // namespace gtsa::formats
