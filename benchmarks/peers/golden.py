"""Reads recorded vectors: NAME.json and NAME.safetensors."""
import json
import struct
from pathlib import Path

import numpy as np
import torch

TYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64, "U8": np.uint8}


def load(folder, name):
    """The facts of NAME.json and the tensors of NAME.safetensors."""
    facts = json.loads((Path(folder) / f"{name}.json").read_text())
    data = (Path(folder) / f"{name}.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for key, entry in json.loads(data[8 : 8 + length]).items():
        if key != "__metadata__":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(data[8 + length + begin : 8 + length + end], TYPES[entry["dtype"]])
            tensors[key] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return facts, tensors
