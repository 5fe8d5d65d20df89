// What the program says to mistakes, as text to be read: mistakes.txt. One case there:
//
//   == a sentence about the mistake
//   + name | content of a file made before (\n for a line's end)
//   $ gtsa words 'of a' command
//   1
//   | gtsa: what standard error says
//
// The case runs in a folder of its own with the things that make_world() puts there. In the text {here} stands for that
// folder, {pid} and {host} for a process, {tensor}, {n} and {words of toml++} for what versions of libraries change;
// lines of progress ("step 1/48 ...") are left out. GTSA_MISTAKES_RECORD=FILE writes the table anew from what the
// program really says, to be read and judged before it replaces the old one.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "core/base/files.h"
#include "core/formats/safetensors.h"
#include "core/run/folder_lock.h"
#include "program/labelled.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;

struct Mistake {
  std::string title;
  std::vector<std::pair<std::string, std::string>> files;
  std::string command;
  int exit_code = -1;
  std::string err;
};

std::vector<Mistake> read_table(const fs::path& path) {
  std::vector<Mistake> mistakes;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("== ")) {
      mistakes.push_back({.title = line.substr(3)});
    } else if (line.starts_with("+ ")) {
      const size_t bar = line.find(" | ");
      mistakes.back().files.emplace_back(line.substr(2, bar - 2),
                                         std::regex_replace(line.substr(bar + 3), std::regex(R"(\\n)"), "\n"));
    } else if (line.starts_with("$ gtsa")) {
      mistakes.back().command = line.substr(6);
    } else if (line.starts_with("| ")) {
      mistakes.back().err += line.substr(2) + "\n";
    } else if (!line.empty() && line[0] != '#') {
      mistakes.back().exit_code = std::stoi(line);
    }
  }
  return mistakes;
}

std::string text_of(const Mistake& mistake) {
  std::string text = fmt::format("== {}\n", mistake.title);
  for (const auto& [name, content] : mistake.files)
    text += fmt::format("+ {} | {}\n", name, std::regex_replace(content, std::regex("\n"), "\\n"));
  text += fmt::format("$ gtsa{}\n{}\n", mistake.command, mistake.exit_code);
  std::istringstream lines(mistake.err);
  for (std::string line; std::getline(lines, line);) text += fmt::format("| {}\n", line);
  return text;
}

/// Words separated by spaces; '...' keeps spaces together. {small} is the flags of a small run without --data and
/// --out.
std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words;
  const std::regex word(R"('([^']*)'|([^ ]+))");
  for (std::sregex_iterator it(command.begin(), command.end(), word), end; it != end; ++it) {
    if ((*it)[2] == "{small}") {
      const auto small = small_pretrain("", "");
      words.insert(words.end(), small.begin() + 1, small.end());
      words.erase(std::find(words.begin(), words.end(), "--data"), std::find(words.begin(), words.end(), "--out") + 2);
    } else {
      words.push_back((*it)[1].matched ? (*it)[1].str() : (*it)[2].str());
    }
  }
  return words;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string without_accidents(std::string text, const fs::path& here) {
  text = replaced(std::move(text), here.string(), "{here}");
  // Where a file cut in half ends depends on versions in its header, the parser's words on its version.
  text = std::regex_replace(text, std::regex(R"re(tensor "[^"]*" reaches \d+ bytes([^\n]*) \(byte \d+\))re"),
                            "tensor \"{tensor}\" reaches {n} bytes$1 (byte {n})");
  text = std::regex_replace(text, std::regex("Error while parsing [^\n]*"), "Error while parsing {words of toml++}");
  text = std::regex_replace(text, std::regex(R"(process \d+ on [^ :]+)"), "process {pid} on {host}");
  text = std::regex_replace(text, std::regex(R"((^|\n)step \d+/\d+ [^\n]*(?=\n))"), "$1");
  return std::regex_replace(text, std::regex("\n\n+"), "\n");
}

/// Cut in the middle, as by a full disk or a torn copy.
void cut_in_half(const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }

void train(const fs::path& here, const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words = small_pretrain("photos", out, {"--steps", "4"});
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = run_gtsa({words, here});
  if (ended.exit_code != 0) throw std::runtime_error(ended.err);
}

void make_world(const fs::path& here) {
  make_photographs(here / "photos", 12);
  fs::create_directories(here / "empty");
  write_atomically(real_files(), here / "a-file", "nothing of interest\n");
  fs::create_directories(here / "texts");
  for (const char* name : {"a.txt", "b.csv"}) write_atomically(real_files(), here / "texts" / name, "1,2\n");
  fs::create_directories(here / "gifs");
  for (const char* name : {"a.gif", "b.gif"}) write_atomically(real_files(), here / "gifs" / name, "GIF89a");
  fs::create_symlink("nowhere", here / "broken-link");
  make_photographs(here / "some-bad", 8);
  write_atomically(real_files(), here / "some-bad" / "empty.jpg", "");
  write_atomically(real_files(), here / "some-bad" / "page.jpg", "<html><body>404 Not Found</body></html>");
  cut_in_half(here / "some-bad" / "photo-003.jpg");
  make_labelled(here / "labelled-beyond", 9, /*grey=*/true);
  make_labelled(here / "labelled-in-colour", 2, /*grey=*/false);
  make_photographs(here / "half-labelled" / "images" / "training", 1);

  train(here, "run", {});
  train(here, "wider", {"--set", "model.embed_dim=32"});
  fs::copy(here / "run", here / "torn", fs::copy_options::recursive);
  cut_in_half(here / "torn" / "checkpoints" / "step-00000004.safetensors");
  fs::copy(here / "torn", here / "all-torn", fs::copy_options::recursive);
  cut_in_half(here / "all-torn" / "checkpoints" / "step-00000003.safetensors");
  fs::copy(here / "run", here / "held", fs::copy_options::recursive);
  fs::copy(here / "run", here / "leftovers", fs::copy_options::recursive);
  fs::remove(here / "leftovers" / "config.toml");

  write_atomically(real_files(), here / "noise.safetensors", "this is no safetensors file at all\n");
  write_atomically(real_files(), here / "empty.safetensors", "");
  const std::vector<float> four(4, 1.0F);
  const std::vector<formats::TensorRecord> other{
      {"fc.weight", formats::Dtype::f32, {2, 2}, std::as_bytes(std::span(four))}};
  formats::write_safetensors(real_files(), here / "other.safetensors", other);
}

/// Every file and folder below with its size: what a refused command must not change.
std::set<std::string> inventory(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == ".lock") continue;
    names.insert(fmt::format("{} {}", entry.path().string(), entry.is_regular_file() ? entry.file_size() : 0));
  }
  return names;
}

TEST(Mistakes, AreAnsweredAsTheTableSays) {
  const TemporaryFolder folder;
  const fs::path here = fs::canonical(folder.path());
  make_world(here);
  const run::FolderLock somebody_writes(here / "held");
  const auto mistakes = read_table(fs::path(GTSA_MISTAKES));
  ASSERT_GE(mistakes.size(), 60U);
  std::string table;
  for (const Mistake& mistake : mistakes) {
    for (const auto& [name, content] : mistake.files) {
      fs::create_directories((here / name).parent_path());
      write_atomically(real_files(), here / name, content);
    }
    const auto before = inventory(here);
    const Ended ended = run_gtsa({words_of(mistake.command), here});
    Mistake got = mistake;
    got.exit_code = ended.exit_code;
    got.err = without_accidents(ended.err, here);
    table += fmt::format("\n{}", text_of(got));
    if (const char* record = std::getenv("GTSA_MISTAKES_RECORD")) write_atomically(real_files(), record, table);
    EXPECT_EQ(text_of(got), text_of(mistake));
    if (ended.exit_code == 2) {
      EXPECT_EQ(inventory(here), before) << mistake.title << ": wrong usage changes nothing";
    }
  }
}

}  // namespace
}  // namespace gtsa::test
