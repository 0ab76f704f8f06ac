"""Pickled archives: what NumPy writes comes back."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from pickles import archive, array, dtype, loaded

from myoassist.reference.safe_pickle import read_archive


class TestWhatNumpyWrites:
    @pytest.mark.parametrize("protocol", range(6))
    def test_all_protocols(self, tmp_path: Path, protocol: int) -> None:
        grid = np.arange(24.0).reshape(2, 3, 4)
        arrays = {
            "plain": grid,
            "fortran": np.asfortranarray(grid[0]),
            "turned": grid.transpose(1, 0, 2),
            "strided": grid[:, ::2],
            "big_endian": np.array([1.5, -2.0], ">f4"),
            "whole": np.array([-3, 2**40]),
            "truth": np.array([True, False]),
            "names": np.array(["hip", "ankle ψ"]),
            "raw": np.array([b"a\xff", b"bc"]),
            "complex": np.array([1 + 2j]),
            "none": np.zeros((0, 3)),
            "scalar_array": np.array(2.5),
        }
        found = loaded(tmp_path, arrays, protocol)
        assert list(found) == list(arrays)
        for name, values in arrays.items():
            np.testing.assert_array_equal(found[name], values, strict=True)
            assert found[name].flags.writeable

    @pytest.mark.parametrize("protocol", range(6))
    def test_containers_and_scalars(self, tmp_path: Path, protocol: int) -> None:
        shared = [1, 2.5]
        value = {
            "rate": np.float32(100.0),
            "on": np.bool_(True),
            "name": np.str_("walk"),
            "empty": np.str_(""),
            "plain": [
                None,
                True,
                False,
                -7,
                2**40,
                1e-300,
                "text\nof two",
                b"\x00\xff",
                b"",
                (),
                (1,),
                (1, (2, 3, 4, 5)),
            ],
            "shared": [shared, shared],
            "inner": {"a": {}},
        }
        found = loaded(tmp_path, value, protocol)
        assert found == value
        assert {name: type(v) for name, v in found.items()} == {name: type(v) for name, v in value.items()}

    def test_arrays_of_objects_are_lists_by_row(self, tmp_path: Path) -> None:
        grid = np.empty((2, 3), object, order="F")
        grid[:] = [[1, "b", None], [{"d": 4}, 5.0, (6,)]]
        np.savez(tmp_path / "x.npz", grid=grid, line=np.array([1, "two"], object), one=np.array({"k": 1}, object))  # type: ignore[arg-type]
        assert read_archive(tmp_path / "x.npz") == {"grid": grid.tolist(), "line": [1, "two"], "one": {"k": 1}}

    @pytest.mark.parametrize("package", ["numpy.core", "numpy._core"])
    def test_names_of_numpy_1_and_2(self, tmp_path: Path, package: str) -> None:
        value = {"angle": np.arange(3.0), "rate": np.float64(100)}
        body = pickle.dumps(value, 2).replace(b"numpy._core.", package.encode() + b".")
        assert package.encode() in body
        found = read_archive(archive(tmp_path / "x.npz", body))["x"]
        np.testing.assert_array_equal(found["angle"], [0, 1, 2])
        assert found["rate"] == 100

    def test_python_2_bytes(self, tmp_path: Path) -> None:
        """Its strings are bytes: instruction T, not B."""
        raw = struct.pack("<2d", 1.0, -2.0)
        body = pickle.dumps(array((2,), dtype("f8"), raw), 3).replace(
            pickle.SHORT_BINBYTES + b"\x10" + raw, pickle.BINSTRING + struct.pack("<i", 16) + raw
        )
        assert pickle.BINSTRING + struct.pack("<i", 16) in body
        np.testing.assert_array_equal(read_archive(archive(tmp_path / "x.npz", body))["x"], [1.0, -2.0])
