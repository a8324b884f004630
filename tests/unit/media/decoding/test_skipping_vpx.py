"""Skipping in VP8, and why there is none in VP9."""

from __future__ import annotations

import pytest

from support.coded import assert_exact, assert_fed_as_is, encode

REAL_TIME = {"g": "40", "b": "200k", "deadline": "realtime", "cpu-used": "8"}
LAYERS = "ts_target_bitrate=60,100,200:ts_rate_decimator=4,2,1:ts_number_layers=3"

# Options of libvpx, and the largest share of pictures that come out.
STRUCTURES = {
    "plain": (REAL_TIME, 1.0),
    "alternate references": ({"g": "40", "auto-alt-ref": "1", "lag-in-frames": "16"}, 1.0),
    "layers that refer back": (
        {**REAL_TIME, "ts-parameters": f"{LAYERS}:ts_layering_mode=3:ts_periodicity=4"},
        0.7,
    ),
    "layers, resilient": (
        {
            **REAL_TIME,
            "error-resilient": "1",
            "ts-parameters": f"{LAYERS}:ts_layering_mode=4:ts_periodicity=4",
        },
        0.9,
    ),
}


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_pictures_of_vp8_are_those_of_a_whole_decoding(
    structure: tuple[dict[str, str], float],
) -> None:
    options, share = structure
    assert assert_exact(encode("libvpx", options, frames=80), seed=1).share <= share


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_vp9_is_fed_whole(structure: tuple[dict[str, str], float]) -> None:
    """Each frame takes motion and chances from the one decoded before, wanted or not."""
    options, _ = structure
    assert_fed_as_is(encode("libvpx-vp9", options, frames=20))
