#include "core/image/image.h"
#include "learn/ssl/gtsa.h"
