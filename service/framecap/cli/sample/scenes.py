"""The six animated scenes of the sample video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from framecap.cli.sample.assets import balloon, boat, cloud, fir, planet, rocket, skyline
from framecap.cli.sample.canvas import (
    COLUMNS,
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    disc,
    glow,
    gradient,
    ground,
)

Scene: TypeAlias = Callable[[float], Canvas]
"""Draws a scene at a moment, in seconds from the scene's beginning."""

X: Final = COLUMNS[0]


def dawn() -> Scene:
    """Returns a sunrise behind three ridges that drift by."""
    sky = gradient(
        (0, (38, 34, 92)), (0.45, (196, 84, 110)), (0.75, (255, 176, 92)), (1, (255, 214, 140))
    )
    ridges: tuple[tuple[int, Colour, float], ...] = (
        (205, (128, 62, 104), 9),
        (250, (84, 40, 84), 22),
        (298, (40, 20, 54), 48),
    )

    def draw(time: float) -> Canvas:
        canvas = sky.copy()
        x, y = 400 + 6 * time, 205 - 17 * time
        glow(canvas, x, y, 150, (255, 224, 150), 0.75)
        disc(canvas, x, y, 34, (255, 246, 214))
        for base, colour, speed in ridges:
            ground(canvas, _ridge(base, X + speed * time, base * 0.7), colour)
        return canvas

    return draw


def sea() -> Scene:
    """Returns a sailing boat on four rows of waves."""
    sky = gradient((0, (92, 190, 230)), (0.5, (214, 240, 240)), (1, (214, 240, 240)))
    disc(sky, 120, 78, 30, (255, 250, 220))
    waves: tuple[tuple[int, Colour], ...] = (
        (206, (60, 160, 180)),
        (236, (34, 128, 160)),
        (272, (20, 96, 136)),
        (312, (10, 62, 102)),
    )

    def draw(time: float) -> Canvas:
        canvas = sky.copy()
        for i in range(3):
            x = (90 + 230 * i + 14 * time) % (WIDTH + 160) - 80
            cloud(canvas, x, 60 + 26 * (i % 2), 1 + 0.3 * (i % 2))
        for i, (base, colour) in enumerate(waves):
            if i == 2:
                x = 200 + 52 * time
                boat(canvas, x, base - 12 + float(_wave(x, time, i - 1)), 0.1 * np.sin(1.7 * time))
            ground(canvas, base + _wave(X, time, i), colour)
        return canvas

    return draw


def city() -> Scene:
    """Returns a skyline at night with lit windows, in two layers."""
    sky = gradient((0, (8, 12, 38)), (0.6, (38, 40, 92)), (1, (112, 72, 120)))
    rng = np.random.default_rng(7)
    for x, y, light in zip(
        rng.uniform(0, WIDTH, 90), rng.uniform(0, 190, 90), rng.uniform(0.2, 0.9, 90), strict=True
    ):
        disc(sky, x, y, 1.1, (255, 255, 240), light)
    glow(sky, 510, 76, 90, (180, 190, 240), 0.5)
    disc(sky, 510, 76, 30, (244, 242, 224))
    disc(sky, 498, 68, 6, (222, 220, 200))
    disc(sky, 520, 86, 8, (226, 224, 206))
    far = skyline(rng, (34, 34, 78), (150, 134, 150), 120, 190, 0.12)
    near = skyline(rng, (12, 14, 36), (255, 214, 120), 60, 150, 0.42)

    def draw(time: float) -> Canvas:
        canvas = sky.copy()
        for (heights, picture), speed in ((far, 12), (near, 40)):
            shift = round(speed * time)
            mask = np.clip(np.arange(HEIGHT)[:, None] - heights[None, shift : shift + WIDTH], 0, 1)
            np.copyto(canvas, picture[:, shift : shift + WIDTH], where=mask[:, :, None] > 0)
        return canvas

    return draw


def snow() -> Scene:
    """Returns fir trees in falling snow."""
    sky = gradient((0, (146, 170, 196)), (0.7, (226, 234, 242)), (1, (240, 244, 248)))
    ground(sky, _ridge(210, X + 90, 40), (206, 218, 230))
    rng = np.random.default_rng(11)
    for row, (base, size, colour) in enumerate(
        ((252, 54, (142, 166, 176)), (286, 84, (84, 118, 126)), (330, 122, (34, 70, 76)))
    ):
        ground(
            sky, _ridge(base - 6, X + 300 * row, 10), (228 + 6 * row, 236 + 5 * row, 244 + 3 * row)
        )
        for x in np.arange(20, WIDTH + 40, size * 1.15):
            fir(
                sky,
                x + rng.uniform(-16, 16),
                base + rng.uniform(-4, 8),
                size * rng.uniform(0.8, 1.15),
                colour,
            )
    flakes = list(
        zip(
            rng.uniform(0, WIDTH, 110),
            rng.uniform(0, HEIGHT, 110),
            rng.uniform(1.2, 3.6, 110),
            strict=True,
        )
    )

    def draw(time: float) -> Canvas:
        canvas = sky.copy()
        for x, y, size in flakes:
            down = (y + 26 * size * time) % (HEIGHT + 10) - 5
            disc(canvas, (x + 12 * np.sin(time + y)) % WIDTH, down, size, (255, 255, 255), 0.9)
        return canvas

    return draw


def balloons() -> Scene:
    """Returns hot-air balloons that rise over fields."""
    sky = gradient((0, (52, 132, 220)), (0.8, (188, 226, 250)), (1, (216, 238, 250)))
    fleet: tuple[tuple[int, int, int, Colour, Colour], ...] = (
        (120, 200, 30, (244, 196, 48), (232, 120, 40)),
        (520, 150, 38, (120, 86, 190), (236, 130, 180)),
        (310, 190, 66, (224, 62, 62), (250, 240, 230)),
    )

    def draw(time: float) -> Canvas:
        canvas = sky.copy()
        for i in range(4):
            x = (40 + 210 * i - 16 * time) % (WIDTH + 200) - 100
            cloud(canvas, x, 66 + 42 * (i % 3), 1.2 + 0.4 * (i % 2))
        ground(canvas, _ridge(286, X + 6 * time, 60), (126, 184, 96))
        ground(canvas, _ridge(318, X + 16 * time, 200), (84, 152, 76))
        for x, y, size, body, stripe in fleet:
            rise = y - size * 0.3 * time
            balloon(canvas, x + 5 * np.sin(0.8 * time + x), rise, size, body, stripe)
        return canvas

    return draw


def space() -> Scene:
    """Returns a ringed planet and a rocket among stars."""
    sky = gradient((0, (6, 6, 20)), (1, (20, 10, 44)))
    glow(sky, 120, 300, 220, (96, 40, 140), 0.5)
    glow(sky, 600, 60, 160, (20, 90, 140), 0.45)
    rng = np.random.default_rng(3)
    for x, y, size in zip(
        rng.uniform(0, WIDTH, 160),
        rng.uniform(0, HEIGHT, 160),
        rng.uniform(0.6, 1.7, 160),
        strict=True,
    ):
        disc(sky, x, y, size, (255, 255, 255), 0.9)
    glow(sky, 420, 150, 130, (255, 190, 120), 0.35)
    planet(sky, 420, 150, 82)
    rocks = list(
        zip(rng.uniform(0, WIDTH, 12), rng.uniform(40, 340, 12), rng.uniform(3, 8, 12), strict=True)
    )

    def draw(time: float) -> Canvas:
        canvas = sky.copy()
        for x, y, size in rocks:
            disc(canvas, (x - 10 * size * time) % (WIDTH + 40) - 20, y, size, (92, 82, 104))
        rocket(canvas, 60 + 76 * time, 262 - 38 * time)
        return canvas

    return draw


SCENES: Final[tuple[tuple[str, float, Callable[[], Scene]], ...]] = (
    ("dawn", 3.6, dawn),
    ("sea", 3.2, sea),
    ("city", 2.8, city),
    ("snow", 3.6, snow),
    ("balloons", 3.6, balloons),
    ("space", 3.2, space),
)
"""Name, length in seconds, and factory of each scene, in order."""


def _ridge(base: float, x: npt.NDArray[np.float32], phase: float) -> npt.NDArray[np.float32]:
    slow = 20 * np.sin(x / 97 + phase) + 11 * np.sin(x / 41 + 2 * phase)
    fast = 4 * np.sin(x / 17 + 3 * phase)
    return np.asarray(base + slow + fast, dtype=np.float32)


def _wave(x: npt.NDArray[np.float32] | float, time: float, row: int) -> npt.NDArray[np.float32]:
    swell = (4 + 1.6 * row) * np.sin(x / (38 + 9 * row) + (1.1 + 0.35 * row) * time + 2 * row)
    return np.asarray(swell, dtype=np.float32)
