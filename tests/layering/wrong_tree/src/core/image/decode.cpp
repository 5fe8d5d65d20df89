#include "core/base/error.h"
#include <ATen/core/Tensor.h>
#include "learn/ssl/gtsa.h"
#include "resize.h"
