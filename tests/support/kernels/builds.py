"""The kernels' C, compiled by itself in ways that an installed extension is not."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from framecap.model.media import Plane
from framecap.pixels.axis import Taps

KERNELS: Final = Path(__file__).parents[3] / "ext" / "framecap" / "_kernels"
DRIVER: Final = Path(__file__).with_name("driver.c")

# What x86-64-v4 has and v3 has not.
NEWEST: Final = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}

Array = npt.NDArray[np.generic]


def _access_paths() -> dict[str, tuple[str, ...]]:
    """Returns the compiler's options by name, of every way this machine can run."""
    access_paths = {"plain C": ("-DFRAMECAP_ONLY_PLAIN",)}
    if platform.machine() == "x86_64":
        access_paths["baseline"] = ("-march=x86-64", "-DFRAMECAP_ONLY_BASELINE")
        access_paths["x86-64-v3"] = ("-march=x86-64-v3", "-DFRAMECAP_NO_CLONES")
        if set(Path("/proc/cpuinfo").read_text().split()) >= NEWEST:
            access_paths["x86-64-v4"] = ("-march=x86-64-v4", "-DFRAMECAP_NO_CLONES")
    return access_paths


WAYS: Final = _access_paths()


class _Axis(ctypes.Structure):
    _fields_ = (
        ("starts", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("count", ctypes.c_int),
        ("span", ctypes.c_int),
        ("width", ctypes.c_int),
    )

    @classmethod
    def of(cls, taps: Taps) -> _Axis:
        count, width = taps.weights.shape
        return cls(taps.starts.ctypes.data, taps.weights.ctypes.data, count, taps.span, width)


class Build:
    """The kernels compiled in one way.

    Args:
        way: Its name, one of `WAYS`.
        folder: Where the library goes.
    """

    def __init__(self, way: str, folder: Path) -> None:
        library = folder / "kernels.so"
        compiler = (sysconfig.get_config_var("CC") or "cc").split()
        # Loops are turned into vectors as in a release, by the widest the way allows.
        includes = (f"-I{KERNELS}", f"-I{DRIVER.parent}")
        options = ("-O2", "-ftree-vectorize", "-shared", "-fPIC", *includes, *WAYS[way])
        subprocess.run([*compiler, *options, str(DRIVER), "-o", str(library)], check=True)
        self._library = ctypes.CDLL(str(library))

    def resample(self, plane: Plane, down: Taps, across: Taps, depth: int) -> Plane:
        """Returns what the resampling kernel makes of a plane."""
        target = np.zeros((len(down.starts), len(across.starts)), plane.dtype)
        self._library.resample(
            _pointer(plane),
            _long(plane.strides[0]),
            _pointer(target),
            _Axis.of(down),
            _Axis.of(across),
            depth,
            plane.itemsize,
        )
        return target

    def cell_sums(self, plane: Plane) -> npt.NDArray[np.int64]:
        """Returns the sums over the cells of a hash."""
        cells = np.zeros((8, 9), np.int64)
        rows, columns = map(_long, plane.shape)
        self._library.cell_sums(
            _pointer(plane), _long(plane.strides[0]), _pointer(cells), rows, columns, plane.itemsize
        )
        return cells

    def mixed(
        self, name: str, planes: list[Plane], coefficients: list[int], bias: int, shift: int
    ) -> npt.NDArray[np.uint8]:
        """Returns one row mixed of the first rows of some planes; `name` is the driver's."""
        width = planes[0].shape[1]
        out = np.zeros(width, np.uint8)
        factors = np.array(coefficients, np.int32)
        function = self._library[f"{name}_{'u8' if planes[0].itemsize == 1 else 'u16'}"]
        given = ctypes.c_int32(coefficients[0]) if name == "mix1" else _pointer(factors)
        function(_pointer(out), *map(_pointer, planes), width, given, ctypes.c_int32(bias), shift)
        return out

    def halved(self, plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Returns the averages of 2x2 samples of two rows."""
        out = np.zeros((plane.shape[1] + 1) // 2, np.uint8)
        self._library.halve(_pointer(out), _pointer(plane), _pointer(plane[1:]), plane.shape[1])
        return out

    def packed(self, planes: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
        """Returns the first rows of three planes, sample by sample."""
        width = planes[0].shape[1]
        out = np.zeros((width, 3), np.uint8)
        self._library.pack3(_pointer(out), *map(_pointer, planes), width)
        return out

    def tone_mapped(
        self,
        planes: list[Plane],
        coefficients: npt.NDArray[np.int32],
        biases: npt.NDArray[np.int64],
        shift: int,
        light: Array,
        gamut: Array,
        display: Array,
        dimming: Array,
    ) -> npt.NDArray[np.uint8]:
        """Returns red, green and blue of one row."""
        width = planes[0].shape[1]
        rows = np.zeros((3, width), np.int32)
        function = self._library[f"light_{'u8' if planes[0].itemsize == 1 else 'u16'}"]
        for row, factors, bias in zip(rows, coefficients, biases, strict=True):
            function(
                _pointer(row),
                *map(_pointer, planes),
                width,
                _pointer(factors),
                ctypes.c_int64(int(bias)),
                shift,
                _pointer(light),
                len(light) - 1,
            )
        out = np.zeros((3, width), np.uint8)
        tables = map(_pointer, (gamut, display, dimming))
        self._library.dim(_pointer(out), _pointer(rows), width, *tables)
        return out


def _pointer(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _long(value: int) -> ctypes.c_ssize_t:
    return ctypes.c_ssize_t(value)
