#!/usr/bin/env python3
"""Makes the files beside it, with NumPy (1.24.2 of Debian 12): python3 make-arrays.py"""
import os
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
numbers = np.arange(6).reshape(2, 3) * 3

# One array of each type, in both orders of bytes and of axes: multiples of three, negative in the second row where there are signs.
arrays = {}
for name in ["b1", "u1", "u2", "u4", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]:
    values = numbers % 2 == 0 if name == "b1" else numbers * (1 if name[0] == "u" else np.array([[1], [-1]])) + (0.5 if name[0] == "f" else 0)
    for order in "<>" if int(name[1]) > 1 else "|":
        array = values.astype((order + name).replace("|b1", "?"))
        arrays[f"{'big' if order == '>' else 'little'}/{name}/C"] = np.ascontiguousarray(array)
        arrays[f"{'big' if order == '>' else 'little'}/{name}/F"] = np.asfortranarray(array)
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", zeros=np.zeros((100, 100), "f4"), **arrays)

cube = np.arange(24, dtype="f4").reshape(2, 3, 4)
for version in [1, 2, 3]:
    with open(f"version-{version}.npy", "wb") as file:
        np.lib.format.write_array(file, cube, version=(version, 0))
np.save("fortran.npy", np.asfortranarray(cube))
np.save("scalar.npy", np.float64(2.5))
np.save("empty.npy", np.zeros((0, 3), "i4"))
np.save("one.npy", np.array([7], "i8"))

# What is no array of numbers that a dtype holds.
np.save("objects.npy", np.array([None, "text"], dtype=object), allow_pickle=True)
np.save("fields.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]))
np.save("text.npy", np.array(["ab", "c"]))
np.save("complex.npy", np.array([1 + 2j]))
np.save("unsigned.npy", np.array([2**63], "u8"))
np.savez("mixed.npz", weight=np.array([1.5], "f4"), names=np.array(["ab"]))
