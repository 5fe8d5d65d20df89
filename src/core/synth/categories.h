#pragma once
// What the synthetic scenes show. The numbers are labels of pixels, category ids of COCO's layout and lines of
// classes.txt alike.

#include <cstdint>
#include <string_view>

namespace gtsa::synth {

/// 0 = unlabelled; first stuff (regions), then things (countable, with instances).
enum class Category : uint8_t {
  none = 0,
  sky,
  water,
  grass,
  sand,
  road,
  pavement,
  mountain,
  crops,
  wall,
  floor,
  ceiling,
  foliage,
  fence,
  pier,
  person,
  car,
  bus,
  boat,
  bird,
  cow,
  tree,
  bush,
  house,
  lamp,
  sign,
  bench,
  chair,
  table,
  window,
  door,
  picture,
  plant,
  sofa,
  shelf,
  rock,
  umbrella,
  crate,
};
inline constexpr int kCategories = 37;  ///< without none
inline constexpr Category kFirstThing = Category::person;

constexpr bool is_thing(Category category) { return category >= kFirstThing; }
/// "person"; "unlabelled" for none.
std::string_view name_of(Category category);
/// COCO's supercategory of a thing: "living", "vehicle", "nature", "building", "outdoor" or "indoor".
std::string_view group_of(Category category);

enum class SceneType : uint8_t { street, coast, field, room, harbour, forest, mountain, market };
inline constexpr int kSceneTypes = 8;
/// "street"
std::string_view name_of(SceneType type);

}  // namespace gtsa::synth
