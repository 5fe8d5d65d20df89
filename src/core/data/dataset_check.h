#pragma once
// Is a data set fit to train on? Every file is decoded, every label looked at, before a run of days finds out.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry/types.h"
#include "core/image/decode.h"

namespace gtsa::data {

enum class DatasetTask : uint8_t { pretrain, classify, segment, detect };
/// "pretrain"
std::string_view name_of(DatasetTask task);

enum class DatasetLayout : uint8_t { photographs, class_folders, inaturalist, ade20k, coco };
/// "a folder of photographs", for people.
std::string_view name_of(DatasetLayout layout);

/// A kind of thing that is wrong (error) or worth a look (warning), how often it was met and the first of it.
struct Finding {
  std::string kind;  ///< "missing file"
  bool is_error = false;
  int64_t count = 0;
  std::string first;  ///< names the file or record and says what is the matter
};

/// Findings in the order of their first meeting.
class Findings {
 public:
  void error(std::string_view kind, const std::string& what) { add(kind, true, what); }
  void warning(std::string_view kind, const std::string& what) { add(kind, false, what); }
  void add(std::string_view kind, bool is_error, const std::string& what);
  const std::vector<Finding>& all() const { return all_; }

 private:
  std::vector<Finding> all_;
};

struct Spread {
  int64_t min = 0;
  int64_t median = 0;  ///< the lower one of two
  int64_t max = 0;
};

struct SplitSummary {
  std::string name;                      ///< "train"; "photographs" where there are no splits
  int64_t listed = 0;                    ///< pictures that the folder or the JSON names
  int64_t readable = 0;                  ///< of these, decoded whole
  Spread width, height;                  ///< of the readable ones; 0 without any
  std::optional<int64_t> ignored_files;  ///< pretrain: files in the folder that are no pictures
  std::optional<int64_t> objects;        ///< detect: annotations, crowds among them
  std::optional<int64_t> crowds;         ///< detect
  std::optional<double> labelled_share;  ///< segment: share of the pixels that have a class
};

struct ClassCount {
  std::string name;
  /// One number a split: pictures of the class (classify), pictures that show it (segment), objects (detect).
  std::vector<int64_t> counts;
};

struct DatasetReport {
  std::filesystem::path folder;
  DatasetTask task = DatasetTask::pretrain;
  bool task_was_guessed = false;
  DatasetLayout layout = DatasetLayout::photographs;
  std::vector<SplitSummary> splits;
  std::vector<ClassCount> classes;  ///< in the order of their labels
  std::vector<Finding> findings;

  /// No errors; warnings do not count.
  bool is_fit() const;
};

struct DatasetCheckOptions {
  std::optional<DatasetTask> task;  ///< guessed from the layout if absent
  int64_t max_pixels = image::kMaxPixels;
  /// Called now and then with the pictures looked at so far and their number, if set.
  std::function<void(int64_t done, int64_t all)> progress;
};

/// Two pictures are near duplicates if at most so many of the 64 bits of each half of difference_hash() differ.
inline constexpr int kNearBits = 4;

/// Looks at the whole data set, on all threads; what it says depends on the files alone. Memory: some hundred bytes a
/// picture, the records of the labels and the pictures that are being decoded. Throws Error where nothing can be
/// checked: no such folder, an empty one, not the task's layout, JSON that is torn or of another form.
DatasetReport check_dataset(const std::filesystem::path& folder, const DatasetCheckOptions& options);

}  // namespace gtsa::data
