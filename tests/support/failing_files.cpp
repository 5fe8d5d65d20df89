#include "support/failing_files.h"

#include "core/base/error.h"

namespace gtsa::test {
namespace fs = std::filesystem;

class FailingFile : public OutputFile {
 public:
  FailingFile(FailingFiles& owner, fs::path path, std::unique_ptr<OutputFile> real)
      : owner_(owner), path_(std::move(path)), real_(std::move(real)) {}
  void write(std::span<const std::byte> bytes) override {
    if (owner_.next_fails()) {
      real_->write(bytes.first(bytes.size() / 2));
      throw Error("cannot write to {}: No space left on device", path_.string());
    }
    real_->write(bytes);
  }
  void sync() override {
    owner_.step("make durable", path_);
    real_->sync();
  }
  void close() override {
    owner_.step("close", path_);
    real_->close();
  }

 private:
  FailingFiles& owner_;
  fs::path path_;
  std::unique_ptr<OutputFile> real_;
};

bool FailingFiles::next_fails() {
  ++count_;
  failed_ = failed_ || count_ == fail_at_;
  return count_ == fail_at_;
}

void FailingFiles::step(const char* what, const fs::path& path) {
  if (next_fails()) throw Error("cannot {} {}: No space left on device", what, path.string());
}

std::unique_ptr<OutputFile> FailingFiles::open(const fs::path& path, Mode mode) {
  step("write", path);
  return std::make_unique<FailingFile>(*this, path, real_files().open(path, mode));
}

void FailingFiles::rename(const fs::path& from, const fs::path& to) {
  step("put in place", to);
  real_files().rename(from, to);
}

void FailingFiles::sync_directory(const fs::path& directory) {
  step("make durable the folder", directory);
  real_files().sync_directory(directory);
}

void FailingFiles::create_directories(const fs::path& directory) {
  step("create folder", directory);
  real_files().create_directories(directory);
}

void FailingFiles::remove_all(const fs::path& path) {
  step("remove", path);
  real_files().remove_all(path);
}

}  // namespace gtsa::test
