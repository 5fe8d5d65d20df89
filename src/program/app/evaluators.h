#pragma once
#include <memory>
#include <vector>

#include "learn/ssl/gtsa_task.h"
#include "learn/train/task.h"
#include "program/app/pretrain_options.h"

namespace gtsa::app {

/// The probes that --probe-every runs: correspondence of the teacher of the moment and rotation accuracy of the student
/// on every folder of --probe-data, the teacher's segmentation too where it has ADE20K's layout. Throws UsageError if
/// probes are asked for without data.
std::vector<std::unique_ptr<train::Evaluator>> make_evaluators(const PretrainOptions& options, ssl::GtsaTask& task);

}  // namespace gtsa::app
