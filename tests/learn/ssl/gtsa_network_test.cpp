#include "learn/ssl/gtsa_network.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"
#include "support/golden_torch.h"

namespace gtsa::ssl {
namespace {

GtsaOptions original(int64_t embed_dim, int64_t heads) {
  GtsaOptions options;
  options.vit.embed_dim = embed_dim;
  options.vit.num_heads = heads;
  return options;
}

GtsaOptions tiny() {
  GtsaOptions options;
  options.vit = {32, 8, 12, 2, 3, 0.1};
  options.projector_dim = 10;
  options.predictor_dim = 14;
  options.out_dim = 9;
  options.rotation_hidden = 16;
  options.rotation_bottleneck = 8;
  options.global = {2, 32};
  options.local = {3, 16};
  return options;
}

/// Names, shapes, order, what is trained and in which group; `rotation_input` = the original's width of the rotation
/// head's input.
void expect_parameters(const std::string& stem, const GtsaOptions& options, int64_t rotation_input) {
  const test::Golden golden(stem);
  Student student = make_student(options);
  Teacher teacher = make_teacher(options);
  const nn::Layout trained = nn::lay_out(student);
  const auto& entries = golden.json().at("entries");
  size_t i = 0;
  int64_t values = 0;
  walk_as_in_files(student, teacher, [&](const std::string& name, at::Tensor& tensor) {
    ASSERT_LT(i, entries.size()) << name;
    const auto& entry = entries[i++];
    EXPECT_EQ(name, entry.at("name").get<std::string>());
    std::vector<int64_t> shape = tensor.sizes().vec();
    if (name == "rot_predictor.0.weight") shape[1] = rotation_input;
    EXPECT_EQ(shape, entry.at("shape").get<std::vector<int64_t>>()) << name;
    values += tensor.numel();
    const int64_t slot = trained.find(name);
    EXPECT_EQ(slot >= 0, entry.at("trainable").get<bool>()) << name;
    if (slot >= 0) {
      const int group = decay_scale(trained.slots[static_cast<size_t>(slot)]) == 1.0 ? 0 : 1;
      EXPECT_EQ(group, entry.at("optimizer_group").get<int>()) << name;
    }
  });
  EXPECT_EQ(i, entries.size());
  const int64_t missing_columns = options.vit.embed_dim - rotation_input;
  EXPECT_EQ(values - missing_columns * options.rotation_hidden, golden.json().at("parameters_total").get<int64_t>());
}

TEST(params_gtsa_small_GoldenTest, HasTheOriginalsParametersInOrder) {
  GTSA_REQUIRE_GOLDEN("params_gtsa_small");
  expect_parameters("params_gtsa_small", original(384, 6), 384);
}

TEST(params_gtsa_base_GoldenTest, HasTheOriginalsParametersInOrder) {
  GTSA_REQUIRE_GOLDEN("params_gtsa_base");
  // The original's head takes 384 channels whatever the encoder's width, and so cannot run; ours takes the encoder's.
  expect_parameters("params_gtsa_base", original(768, 12), 384);
}

TEST(GtsaNetwork, LaysTheTeacherOutAsAPrefixOfTheStudent) {
  Student student = make_student(tiny());
  Teacher teacher = make_teacher(tiny());
  const nn::Layout long_one = nn::lay_out(student), short_one = nn::lay_out(teacher);
  EXPECT_TRUE(short_one.is_prefix_of(long_one));
  EXPECT_FALSE(long_one.is_prefix_of(short_one));
  for (size_t i = 0; i < short_one.slots.size(); ++i) {
    const auto role_less = [](const std::string& name) { return name.substr(name.find('_')); };
    EXPECT_EQ(role_less(short_one.slots[i].name), role_less(long_one.slots[i].name));
  }
}

TEST(GtsaNetwork, GivesTheTeacherTheStudentsValuesButNoneOfItsMemory) {
  Student student = make_student(tiny());
  Teacher teacher = make_teacher(tiny());
  const nn::Flat student_flat = nn::bind(student, true);
  nn::Flat teacher_flat = nn::bind(teacher, false);
  init(student, 4);
  copy_to_teacher(student_flat, teacher_flat);
  EXPECT_TRUE(at::equal(student.encoder.pos_embed, teacher.encoder.pos_embed));
  EXPECT_TRUE(at::equal(student.projector.proj.weight, teacher.projector.proj.weight));
  student.walk([&](const std::string& name, at::Tensor& of_student) {
    teacher.walk(
        [&](const std::string&, at::Tensor& of_teacher) { EXPECT_FALSE(of_student.is_alias_of(of_teacher)) << name; });
  });
}

TEST(GtsaNetwork, HasTheOriginalsBinsAndMatchesByDefault) {
  const GtsaOptions options = original(384, 6);
  EXPECT_EQ(options.bins(options.global), 10);
  EXPECT_EQ(options.matches(options.global), 98);
  EXPECT_EQ(options.bins(options.local), 4);
  EXPECT_EQ(options.matches(options.local), 18);
  EXPECT_EQ(options.pairs(), 18);
}

std::string message(const GtsaOptions& options) {
  try {
    options.check();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(GtsaNetwork, RefusesViewsThatPatchesDoNotCover) {
  EXPECT_EQ(message(tiny()), "");
  GtsaOptions options = tiny();
  options.local.size = 20;
  EXPECT_NE(message(options).find("20 pixels do not divide into patches of 8"), std::string::npos) << message(options);
  options = tiny();
  options.global = {1, 4};
  options.local.count = 0;
  EXPECT_NE(message(options).find("smaller than a patch"), std::string::npos) << message(options);
  EXPECT_NE(message(options).find("at least two views"), std::string::npos) << message(options);
}

TEST(GtsaNetwork, RefusesRectangularViews) {
  const GtsaOptions options = tiny();
  EXPECT_NO_THROW(check_views(options, options.global, at::empty({4, 3, 32, 32})));
  EXPECT_THROW(check_views(options, options.global, at::empty({4, 3, 32, 40})), UsageError);
  EXPECT_THROW(check_views(options, options.global, at::empty({3, 3, 32, 32})), UsageError);
  EXPECT_THROW(check_views(options, options.local, at::empty({3, 3, 32, 32})), UsageError);
}

TEST(GtsaNetwork, RunsTheRotationHeadAtAnyWidth) {
  for (const int64_t width : {12, 48}) {
    GtsaOptions options = tiny();
    options.vit.embed_dim = width;
    Student student = make_student(options);
    const nn::Flat flat = nn::bind(student, true);
    init(student, 1);
    const StudentMaps maps = forward(student, at::ones({2, 3, 32, 32}));
    EXPECT_EQ(rotation_logits(student, maps.encoder).sizes(), at::IntArrayRef({2, 4}));
  }
}

}  // namespace
}  // namespace gtsa::ssl
