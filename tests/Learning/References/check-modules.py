"""Loads states that this library saved into PyTorch's modules, strictly, and compares what they give; see README.md.

    python3 tests/Learning/References/check-modules.py FOLDER

For each modules/<name>.safetensors there may be FOLDER/<name>.safetensors, a state that was saved, and FOLDER/<name>.results.safetensors with a tensor
`output:…` for each result in evaluation mode. Inputs are those of the first file. The exit code is the number of modules that do not agree.
"""

import importlib
import json
import os
import struct
import sys

import torch

making = importlib.import_module("make-modules")
DTYPES = {name: dtype for dtype, name in making.TYPES.items()}


def load(path):
    """The tensors of a safetensors file."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        dtype = DTYPES[entry["dtype"]]
        found[name] = torch.frombuffer(bytearray(content[begin:end]), dtype=dtype).reshape(entry["shape"]) if end > begin else torch.empty(entry["shape"], dtype=dtype)
    return found


def load_state(module, state):
    """Strict, but that a tensor which stands in several places need be there under one of its names only, as for any file of this format."""
    missing, unexpected = module.load_state_dict(state, strict=False)
    there = module.state_dict(keep_vars=True)
    loaded = {id(there[name]) for name in state if name in there}
    missing = [name for name in missing if id(there[name]) not in loaded]
    if missing or unexpected:
        raise ValueError("missing %s, unexpected %s" % (missing, unexpected))


def difference(make, folder, name):
    module, inputs, *apply = make()
    load_state(module, load(os.path.join(folder, name + ".safetensors")))
    made = load(os.path.join(making.FOLDER, name + ".safetensors"))
    expected = load(os.path.join(folder, name + ".results.safetensors"))
    module.eval()
    with torch.no_grad():
        found = making.results(module, {key: made["input:" + key] for key in inputs}, *apply)
    if {"output:" + key for key in found} != set(expected):
        raise ValueError("results %s, not %s" % (sorted(expected), sorted(found)))
    return max(((value - expected["output:" + key]).abs().max() / value.abs().max().clamp(min=1)).item() for key, value in found.items())


def main():
    folder, faults = sys.argv[1], 0
    torch.set_num_threads(1)
    for make in making.CASES:
        name = making.file_name(make)
        if os.path.exists(os.path.join(folder, name + ".safetensors")):
            try:
                apart = difference(make, folder, name)
                fault = not apart <= 1e-5
                print(name, "differs by" if fault else "agrees within", "%.1e" % apart)
            except (ValueError, RuntimeError) as e:
                fault = True
                print(name, str(e).replace("\n", " "))
            faults += fault
    sys.exit(faults)


main()
