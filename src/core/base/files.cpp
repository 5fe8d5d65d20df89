#include "core/base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/base/error.h"

namespace gtsa {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* what, const fs::path& path) {
  const int code = errno;
  throw Error("cannot {} {}: {}", what, path.string(), std::strerror(code));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class RealFile : public OutputFile {
 public:
  RealFile(fs::path path, int fd) : path_(std::move(path)), fd_(fd) {}

  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t done = ::write(fd_.get(), bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("write to", path_);
      bytes = bytes.subspan(static_cast<size_t>(done));
    }
  }
  void sync() override {
    if (::fsync(fd_.get()) != 0) fail("make durable", path_);
  }
  void close() override {
    if (::close(fd_.release()) != 0) fail("close", path_);
  }

 private:
  fs::path path_;
  Descriptor fd_;
};

class RealFiles : public FileSystem {
 public:
  std::unique_ptr<OutputFile> open(const fs::path& path, Mode mode) override {
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == Mode::append ? O_APPEND : O_TRUNC);
    const int fd = ::open(path.c_str(), flags, 0666);
    if (fd < 0) fail("write", path);
    return std::make_unique<RealFile>(path, fd);
  }
  void rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) fail("put in place", to);
  }
  void sync_directory(const fs::path& directory) override {
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) fail("make durable the folder", directory);
  }
  void create_directories(const fs::path& directory) override {
    std::error_code code;
    fs::create_directories(directory, code);
    if (code) throw Error("cannot create folder {}: {}", directory.string(), code.message());
  }
  void remove_all(const fs::path& path) override {
    std::error_code code;
    fs::remove_all(path, code);
    if (code) throw Error("cannot remove {}: {}", path.string(), code.message());
  }
};

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// Open for reading, with the size; throws for what is not a regular file.
std::pair<int, size_t> open_for_reading(const fs::path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not wait for its writer
  if (fd.get() < 0) fail("read", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail("read", path);
  if (S_ISDIR(status.st_mode)) throw Error("cannot read {}: it is a folder", path.string());
  if (!S_ISREG(status.st_mode)) throw Error("cannot read {}: it is no regular file", path.string());
  return {fd.release(), static_cast<size_t>(status.st_size)};
}

}  // namespace

FileSystem& real_files() {
  static RealFiles files;
  return files;
}

void write_atomically(FileSystem& files, const fs::path& path, std::span<const std::span<const std::byte>> pieces) {
  const fs::path aside = path.string() + ".partial";
  try {
    const auto file = files.open(aside, FileSystem::Mode::truncate);
    for (const auto piece : pieces) file->write(piece);
    file->sync();
    file->close();
    files.rename(aside, path);
    files.sync_directory(folder_of(path));
  } catch (...) {
    const auto error = std::current_exception();
    try {
      files.remove_all(aside);
    } catch (const Error&) {
      // The first failure is the one to report; the leftover carries .partial in its name and is never read.
    }
    std::rethrow_exception(error);
  }
}

void write_atomically(FileSystem& files, const fs::path& path, std::string_view text) {
  const std::span<const std::byte> piece = std::as_bytes(std::span(text));
  write_atomically(files, path, std::span(&piece, 1));
}

std::vector<std::byte> read_bytes(const fs::path& path, uint64_t limit) {
  const auto [raw, size] = open_for_reading(path);
  const Descriptor fd(raw);
  if (size > limit) throw Error("{} has {} bytes, more than the {} allowed here", path.string(), size, limit);
  std::vector<std::byte> bytes(size);
  size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(fd.get(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", path);
    if (count == 0) break;  // it shrank since it was opened
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

std::string read_text(const fs::path& path, uint64_t limit) {
  const auto bytes = read_bytes(path, limit);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

MappedFile::MappedFile(const fs::path& path) {
  const auto [raw, size] = open_for_reading(path);
  const Descriptor fd(raw);
  if (size == 0) return;
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) fail("map", path);
  data_ = static_cast<const std::byte*>(data);
  size_ = size;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace gtsa
