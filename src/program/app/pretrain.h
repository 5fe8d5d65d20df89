#pragma once
#include <memory>

#include "program/app/pretrain_options.h"
#include "program/app/training.h"

namespace gtsa::app {

/// What --method names, of options that were checked and outlive it.
std::unique_ptr<Method> pretraining_method(const PretrainOptions& options);

/// `gtsa pretrain`: trains, or with --dry-run says what it would do.
Ending pretrain(PretrainConfiguration& configuration);

}  // namespace gtsa::app
