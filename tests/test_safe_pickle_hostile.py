"""Pickled archives that are hostile: none runs, forges or exhausts anything."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pickles import REBUILD, Call, archive, array, dtype, loaded

from myoassist.errors import ReferenceError
from myoassist.reference import pickle_data, pickle_machine, safe_pickle
from myoassist.reference.safe_pickle import read_archive

SCALAR = np.float64(0).__reduce__()[0]


def refusal(tmp_path: Path, body: bytes) -> str:
    """The one line that refuses a pickle."""
    with pytest.raises(ReferenceError) as caught:
        read_archive(archive(tmp_path / "x.npz", body))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))
    return str(caught.value)


def text(value: str) -> bytes:
    return pickle.BINUNICODE + struct.pack("<I", len(value)) + value.encode()


def state_of() -> list[Any]:
    """All functions of the readers with what a pickle could have changed of them."""
    functions = [
        f for m in (pickle_data, pickle_machine, safe_pickle) for f in vars(m).values() if hasattr(f, "__code__")
    ]
    return [(f, f.__defaults__, f.__code__, dict(f.__dict__)) for f in functions]


class TestForged:
    def test_object_array_from_raw_pointers(self, tmp_path: Path) -> None:
        """A type of objects that claims, by its flags, to hold none: bytes would become pointers."""
        raw = struct.pack("<Q", 0x4141414141414141)
        for kind in (
            dtype("O8", 3, "|", None, None, None, -1, -1, 0),
            dtype("O", 3, "|", None, None, None, -1, -1, 63),
        ):
            assert "array of pointers" in refusal(tmp_path, pickle.dumps(array((1,), kind, raw), 2))
        assert "array of pointers" in refusal(tmp_path, pickle.dumps(Call(SCALAR, (dtype("O8"), raw)), 2))

    def test_a_known_name_takes_no_attributes(self, tmp_path: Path) -> None:
        before = state_of()
        slots = pickle.EMPTY_DICT + text("__defaults__") + text("evil") + pickle.TUPLE1 + pickle.SETITEM
        both = pickle.NONE + pickle.EMPTY_DICT + text("__defaults__") + text("evil") + pickle.TUPLE1 + pickle.SETITEM
        names = (
            "_codecs encode",
            "numpy ndarray",
            "numpy dtype",
            "numpy._core.multiarray _reconstruct",
            "builtins bytes",
        )
        for name in names:
            found = pickle.GLOBAL + name.replace(" ", "\n").encode() + b"\n"
            for body in (found + slots + pickle.BUILD, found + both + pickle.TUPLE2 + pickle.BUILD):
                assert "it sets attributes" in refusal(tmp_path, pickle.PROTO + b"\x02" + body + pickle.STOP)
            assert "name where data should be" in refusal(tmp_path, pickle.PROTO + b"\x02" + found + pickle.STOP)
        assert state_of() == before

    def test_an_array_takes_no_attributes_and_is_filled_once(self, tmp_path: Path) -> None:
        empty = Call(REBUILD, (np.ndarray, (0,), b"b"))
        assert "without content" in refusal(tmp_path, pickle.dumps(empty, 2))
        attributes = Call(REBUILD, (np.ndarray, (0,), b"b"), {"ctypes": 1})
        assert "it sets attributes" in refusal(tmp_path, pickle.dumps(attributes, 2))
        for kind, raw in ((dtype("f8"), bytes(8)), (dtype("O8"), [1])):
            state = (1, (1,), kind, False, raw)
            twice = pickle.dumps(array((1,), kind, raw), 2)[:-1] + pickle.dumps(state, 2)[2:-1] + b"b."
            assert "filled twice" in refusal(tmp_path, twice)

    @pytest.mark.parametrize(
        "kind",
        [
            dtype("V8"),
            dtype("M8", 4, "<", None, None, None, -1, -1, 0, ({}, (b"ns", 1, 1, 1))),
            dtype("f8", 3, "<", None, None, None, -1, -1, 0, {"metadata": 1}),
            dtype("f8", 3, "<", None, ("a",), {"a": (dtype("f8"), 0)}, 8, 1, 16),
            dtype("f8", 3, "<", (dtype("O8"), (1,)), None, None, -1, -1, 0),
            dtype("O8,f8"),
            dtype("f8\n"),
            dtype("f٨"),
            dtype("S9999999"),
            None,
            "f8",
        ],
    )
    def test_other_types(self, tmp_path: Path, kind: Any) -> None:
        assert "holds more than numbers" in refusal(tmp_path, pickle.dumps(array((1,), kind, bytes(8)), 2))

    @pytest.mark.parametrize("shape", [(2,), (0,), (-1, -1), (1.0,), [1], (2**62, 4), (True,), (1,) * 40, None])
    def test_shapes_that_do_not_fit(self, tmp_path: Path, shape: Any) -> None:
        assert "holds more than numbers" in refusal(tmp_path, pickle.dumps(array(shape, dtype("f8"), bytes(8)), 2))
        objects = dtype("O8", 3, "|", None, None, None, -1, -1, 63)
        assert "holds more than numbers" in refusal(tmp_path, pickle.dumps(array(shape, objects, [1]), 2))

    def test_a_subclass(self, tmp_path: Path) -> None:
        body = pickle.dumps(array((1,), dtype("f8"), bytes(8), subtype=np.memmap), 2)
        assert "it asks for numpy.memmap" in refusal(tmp_path, body)
        assert "no ndarray" in refusal(tmp_path, pickle.dumps(array((1,), dtype("f8"), bytes(8), subtype=np.dtype), 2))

    def test_values_that_are_none(self, tmp_path: Path) -> None:
        """A truth of 7 would miscount; a code point above Unicode fails wherever it is read."""
        found = loaded(tmp_path, array((3,), dtype("b1"), b"\x00\x07\x01"))
        assert found.view(np.uint8).tolist() == [0, 1, 1]
        assert "no Unicode" in refusal(tmp_path, pickle.dumps(array((1,), dtype("U1"), b"\xff" * 4), 2))


class TestNothingRuns:
    @pytest.mark.parametrize("protocol", range(6))
    def test_calls(self, tmp_path: Path, protocol: int) -> None:
        import copyreg
        import os

        mark = tmp_path / "ran"
        for function, given in (
            (os.system, (f"touch {mark}",)),
            (getattr, (mark, "touch")),
            (eval, (f"open({str(mark)!r}, 'w')",)),
            (copyreg._reconstructor, (dict, object, None)),  # type: ignore[attr-defined]
            (np.save, (str(mark), 1)),
        ):
            assert "it asks for " in refusal(tmp_path, pickle.dumps(Call(function, given), protocol))
        assert not list(tmp_path.glob("ran*"))

    @pytest.mark.parametrize(
        "body",
        [
            b"\x80\x02\x82\x01.",  # EXT1
            b"\x80\x02\x83\x01\x00.",  # EXT2
            b"\x80\x02\x84\x01\x00\x00\x00.",  # EXT4
            b"Pfile\n.",  # PERSID
            b"\x80\x02K\x01Q.",  # BINPERSID
            b"(S'true'\nios\nsystem\n.",  # INST
            b"(cnumpy\nndarray\n(K\x03to.",  # OBJ
            b"\x80\x02cnumpy\nndarray\nK\x03\x85\x81.",  # NEWOBJ
            b"\x80\x04cnumpy\nndarray\nK\x03\x85}\x92.",  # NEWOBJ_EX
            b"\x80\x05\x97.",  # NEXT_BUFFER
            b"\x80\x04\x8f.",  # EMPTY_SET
        ],
    )
    def test_instructions_that_data_does_not_need(self, tmp_path: Path, body: bytes) -> None:
        before = set(sys.modules)
        assert "it asks for the instruction" in refusal(tmp_path, body) or b"ios\n" in body
        assert set(sys.modules) == before

    def test_calls_of_plain_data(self, tmp_path: Path) -> None:
        for what in (b"K\x01", b"]", b"cnumpy\nndarray\n"):
            assert "it calls what is no array" in refusal(tmp_path, b"\x80\x02" + what + b")R.")
        assert "another codec" in refusal(
            tmp_path, b"\x80\x02c_codecs\nencode\n" + text("x") + text("rot13") + b"\x86R."
        )
        assert "appends to what is no list" in refusal(tmp_path, b"\x80\x02cnumpy\ndtype\nK\x01a.")
        assert "no dictionary" in refusal(tmp_path, b"\x80\x02cnumpy\ndtype\n" + text("num") + b"K\x01s.")

    def test_the_name_in_the_message_is_one_line(self, tmp_path: Path) -> None:
        assert "a name that is no text" in refusal(tmp_path, b"\x80\x04])\x93.")
        name = text("os\n\x1b[2J" + "x" * 5000)
        assert "it asks for os  [2Jxxx" in refusal(tmp_path, b"\x80\x04" + name + name + b"\x93.")


class TestTooMuch:
    def test_deep(self, tmp_path: Path) -> None:
        for body in (b"]" * 100_000 + b"a" * 99_999, b")" + b"\x85" * 100_000, b"]q\x00h\x00a"):
            assert "deep" in refusal(tmp_path, b"\x80\x02" + body + b".")

    def test_keys_are_text(self, tmp_path: Path) -> None:
        """The hash of a tuple this deep would end the process."""
        assert "keys are no text" in refusal(tmp_path, b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s.")

    def test_small_files_of_large_data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(safe_pickle, "MOST_BYTES", 2**20)
        monkeypatch.setattr(pickle_data, "MOST_BYTES", 2**20)
        doubled = b"K\x01" + b"2\x86" * 40  # a pair of the same pair, 40 deep
        assert "more than 1 GiB" in refusal(tmp_path, b"\x80\x02" + doubled + b".")
        kept = text("x" * 2**17) + b"q\x00" + text("latin1") + b"q\x01"
        many = b"(c_codecs\nencode\nq\x02h\x00h\x01\x86R" + b"h\x02h\x00h\x01\x86R" * 10 + b"l"
        assert "more than 1 GiB" in refusal(tmp_path, b"\x80\x02" + kept + many + b".")
        assert "more than 64 bits" in refusal(tmp_path, pickle.dumps(10**400, 2))

    def test_too_many_instructions(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pickle_machine, "MOST_STEPS", 1000)
        assert "more than 1000 instructions" in refusal(tmp_path, b"\x80\x02" + b"}0" * 1000 + b"N.")

    @pytest.mark.parametrize(
        "body",
        [b"", b".", b"\x80\x02(.", b"0.", b"h\x00.", b"\x86.", b"t.", b"b.", b"R.", b"\xff.", b"X\xff\xff\xff\xff."],
    )
    def test_damaged(self, tmp_path: Path, body: bytes) -> None:
        assert "is damaged" in refusal(tmp_path, body)

    @pytest.mark.parametrize("shape", [(2**40,), (-2, -3), (2**40, 2**40)])
    def test_plain_arrays_that_claim_more_than_the_file_has(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
            file.writestr("x.npy", head.getvalue() + bytes(48))
        with pytest.raises(ReferenceError, match="fewer bytes than its shape needs"):
            read_archive(tmp_path / "x.npz")

    def test_random_damage(self, tmp_path: Path) -> None:
        """Whatever bytes change, the file is read as plain data or refused in one line."""
        body = bytearray(pickle.dumps({"a": np.arange(3.0), "b": [1, "x", None], "c": np.float64(2)}, 2))
        rng = np.random.default_rng(0)
        for _ in range(300):
            damaged = bytearray(body)
            for place in rng.integers(0, len(body), 3):
                damaged[place] = rng.integers(256)
            path = archive(tmp_path / "x.npz", bytes(damaged))
            try:
                read_archive(path)
            except ReferenceError as error:
                assert "\n" not in str(error)
