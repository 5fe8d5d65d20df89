// core/base itself is without fault.
#include <string>

#include "core/base/error.h"
