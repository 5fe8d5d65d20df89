#pragma once
#include <memory>
#include <vector>

#include "learn/nn/heads.h"
#include "learn/nn/vit.h"
#include "learn/probe/frozen.h"
#include "learn/ssl/gtsa_network.h"
#include "learn/train/task.h"
#include "program/app/pretrain_options.h"

namespace gtsa::app {

/// The networks that probes look at; what a method does not have is null.
struct ProbedNetworks {
  const nn::Vit* encoder = nullptr;         ///< the teacher's
  const nn::ConvHead* projector = nullptr;  ///< the teacher's
  ssl::Student* rotation = nullptr;         ///< the student, if it tells turns
  probe::Pool pool = probe::Pool::cls;      ///< what stands for a whole picture
};

/// The probes that --probe-every runs: correspondence of the teacher of the moment (and rotation accuracy of GTSA's
/// student) on every folder of --probe-data, the teacher's segmentation too where it has ADE20K's layout. Throws
/// UsageError if probes are asked for without data.
std::vector<std::unique_ptr<train::Evaluator>> make_evaluators(const PretrainOptions& options,
                                                               const ProbedNetworks& networks);

}  // namespace gtsa::app
