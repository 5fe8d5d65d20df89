#include "core/synth/scene.h"
#include <gtest/gtest.h>
