#include "core/synth/categories.h"

#include <array>

namespace gtsa::synth {
namespace {

struct Words {
  std::string_view name;
  std::string_view group;
};

constexpr std::array<Words, kCategories + 1> kWords = {{
    {"unlabelled", ""},
    {"sky", ""},
    {"water", ""},
    {"grass", ""},
    {"sand", ""},
    {"road", ""},
    {"pavement", ""},
    {"mountain", ""},
    {"crops", ""},
    {"wall", ""},
    {"floor", ""},
    {"ceiling", ""},
    {"foliage", ""},
    {"fence", ""},
    {"pier", ""},
    {"person", "living"},
    {"car", "vehicle"},
    {"bus", "vehicle"},
    {"boat", "vehicle"},
    {"bird", "living"},
    {"cow", "living"},
    {"tree", "nature"},
    {"bush", "nature"},
    {"house", "building"},
    {"lamp", "outdoor"},
    {"sign", "outdoor"},
    {"bench", "outdoor"},
    {"chair", "indoor"},
    {"table", "indoor"},
    {"window", "building"},
    {"door", "building"},
    {"picture", "indoor"},
    {"plant", "indoor"},
    {"sofa", "indoor"},
    {"shelf", "indoor"},
    {"rock", "nature"},
    {"umbrella", "outdoor"},
    {"crate", "outdoor"},
}};
static_assert(static_cast<int>(Category::crate) == kCategories);

constexpr std::array<std::string_view, kSceneTypes> kTypes = {"street",  "coast",  "field",    "room",
                                                              "harbour", "forest", "mountain", "market"};

}  // namespace

std::string_view name_of(Category category) { return kWords[static_cast<size_t>(category)].name; }
std::string_view group_of(Category category) { return kWords[static_cast<size_t>(category)].group; }
std::string_view name_of(SceneType type) { return kTypes[static_cast<size_t>(type)]; }

}  // namespace gtsa::synth
