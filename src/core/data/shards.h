#pragma once
// What `--data` names for pretraining: photographs in files of their own, or in tar shards (WebDataset's layout).

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/data/photographs.h"

namespace gtsa::data {

struct FoundPhotographs {
  Photographs photographs;
  std::vector<std::string> description;  ///< what was chosen, one line an argument or a choice
};

/// The photographs of several `--data` arguments, either all shards or all what ImageFolder reads.
///
/// A shard is a file named *.tar. A folder is one of shards if it holds some and neither pictures nor folders; its
/// shards are sorted by the bytes of their names. A member counts as a file does: by its extension or its first bytes;
/// others (labels, captions) are ignored and counted apart. Shards are looked through once, from header to header,
/// several at a time; a shard that ends inside its last member keeps it, a bad photograph. Throws Error naming shard
/// and byte where one cannot be read as a tar archive, UsageError where shards and other arguments are mixed.
FoundPhotographs find_photographs(std::span<const std::filesystem::path> arguments);

}  // namespace gtsa::data
