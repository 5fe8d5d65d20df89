#pragma once
#include "program/app/configuration.h"

namespace gtsa::app {

/// How a command ended.
enum class Ending { done, interrupted };

/// `gtsa pretrain`: trains, or with --dry-run says what it would do.
Ending pretrain(PretrainConfiguration& configuration);

}  // namespace gtsa::app
