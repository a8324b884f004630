"""Light: the transfer functions of HDR signals, tone mapping, and the display's levels.

The method is that of FFmpeg's filters in their usual order, `zscale=t=linear:npl=100`,
`zscale=p=bt709`, `tonemap=hable:desat=0`, `zscale=t=bt709`:

- PQ becomes light by SMPTE ST 2084. HLG does by ARIB STD-B67 and a power of 1.2 on each colour, for
  a screen of 1000 cd/m²; so does zscale unless `agamma=0` is set. 1 is 100 cd/m².
- Primaries go from BT.2020 to BT.709.
- All colours of a pixel are dimmed by one factor, the one of Hable's curve for its brightest.
  The curve ends at white for 1000 cd/m²: from linear light the filter takes that peak for any
  stream, because zscale does not pass on the stream's metadata.
- Levels are those of a screen with a gamma of 2.4 (BT.1886).

Tables hold integers. Powers and logarithms may differ between processors by some last bits of
a float; no value is so near to a half that its rounding could differ, which the tests verify.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.model.media import Transfer

LIGHT_BITS: Final = 23
STEP_BITS: Final = 12
MANTISSA_BITS: Final = 10
DISPLAY_BITS: Final = 12
DIMMING_BITS: Final = 16

HEADROOM: Final = Fraction(5, 4)
"""The highest signal in the table. Studio range ends at 1.09, colours off the gray axis above."""

PEAK: Final = 10
"""The light that is mapped to white: 1000 cd/m²."""

Light: TypeAlias = npt.NDArray[np.int32]
Levels: TypeAlias = npt.NDArray[np.uint32]
Floats: TypeAlias = npt.NDArray[np.float64]

# Of ST 2084: m1, m2, c3, and 1 - c1, which equals c2 - c3.
PQ_INNER_POWER: Final = Fraction(2610, 16384)
PQ_OUTER_POWER: Final = Fraction(2523, 32)
PQ_C3: Final = Fraction(2392, 128)
PQ_DISTANCE: Final = Fraction(21, 128)

# Of ARIB STD-B67, in zimg's precision.
HLG_A: Final = 0.17883277
HLG_B: Final = 0.28466892
HLG_C: Final = 0.55991073
HLG_GAMMA: Final = 1.2

DISPLAY_GAMMA: Final = 2.4


@lru_cache(maxsize=2)
def light_table(transfer: Transfer) -> Light:
    """Returns the light of signals in steps of 1/4096, up to the headroom."""
    steps = int(HEADROOM * (1 << STEP_BITS))
    signal = np.arange(steps + 1) / (1 << STEP_BITS)
    light = pq(signal) if transfer is Transfer.PQ else hlg(signal)
    table = np.rint(light * (1 << LIGHT_BITS)).astype(np.int32)
    table.setflags(write=False)
    return table


def pq(signal: Floats) -> Floats:
    """Returns the light of PQ signals; signals above 1 count as 1, or 10 000 cd/m²."""
    with np.errstate(divide="ignore"):
        # t is x^(1/m2) - 1, exact also where x is almost 1.
        t = np.expm1(np.log(np.minimum(signal, 1)) / float(PQ_OUTER_POWER))
    distance = float(PQ_DISTANCE)
    root = np.maximum(distance + t, 0) / (distance - float(PQ_C3) * t)
    return np.asarray(100 * root ** float(1 / PQ_INNER_POWER), np.float64)


def hlg(signal: Floats) -> Floats:
    """Returns the light of HLG signals on a screen of 1000 cd/m²."""
    low = signal**2 / 3
    high = (np.exp((signal - HLG_C) / HLG_A) + HLG_B) / 12
    return np.asarray(10 * np.where(signal <= 0.5, low, high) ** HLG_GAMMA, np.float64)


@lru_cache(maxsize=1)
def display_table() -> Levels:
    """Returns the level, of 255, that light has on the display, by bucket."""
    return _frozen(255 * (1 << DISPLAY_BITS) * _buckets() ** (1 / DISPLAY_GAMMA))


@lru_cache(maxsize=1)
def dimming_table() -> Levels:
    """Returns the factor to the levels of a pixel, by the bucket of its brightest colour."""
    return _frozen((1 << DIMMING_BITS) * dimming(_buckets()) ** (1 / DISPLAY_GAMMA))


def dimming(light: Floats) -> Floats:
    """Returns the factor by which Hable's curve dims light, the slope at 0 included.

    The curve is (x(ax + bc) + de) / (x(ax + b) + df) - e/f with a = 0.15, b = 0.5, c = 0.1,
    d = 0.2, e = 0.02 and f = 0.3; divided by x it is one fraction.
    """

    def curve(x: Floats | float) -> Floats | float:
        return (0.14 * x + 1 / 60) / (0.15 * x**2 + 0.5 * x + 0.06)

    return np.asarray(curve(light) / (PEAK * curve(float(PEAK))), np.float64)


def _buckets() -> Floats:
    """Returns the light in the middle of each bucket, which `framecap_bucket` defines."""
    count = 1 << MANTISSA_BITS
    small = np.arange(count, dtype=np.float64)
    octaves = 31 - MANTISSA_BITS
    middles = np.arange(count, 2 * count) + 0.5
    sizes = 2.0 ** np.arange(octaves)[:, None]
    # The last light of a bucket is 1 less than the first of the next.
    large = (sizes * middles - 0.5).reshape(-1)
    return np.concatenate([small, large]) / (1 << LIGHT_BITS)


def _frozen(values: Floats) -> Levels:
    table = np.rint(values).astype(np.uint32)
    table.setflags(write=False)
    return table
