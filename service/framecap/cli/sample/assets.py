"""The objects in the scenes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from framecap.cli.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Canvas,
    Colour,
    disc,
    ellipse,
    polygon,
)


def cloud(canvas: Canvas, x: float, y: float, scale: float) -> None:
    """Draws a cloud around a point."""
    for dx, dy, size in ((-30, 6, 15), (-10, -3, 22), (16, 0, 19), (36, 8, 12)):
        disc(canvas, x + dx * scale, y + dy * scale, size * scale, (255, 255, 255))


def boat(canvas: Canvas, x: float, y: float, tilt: float) -> None:
    """Draws a sailing boat on its water line, `tilt` radians to the right."""
    sin, cos = float(np.sin(tilt)), float(np.cos(tilt))

    def at(*corners: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + cos * dx - sin * dy, y + sin * dx + cos * dy) for dx, dy in corners]

    polygon(canvas, at((-3, -98), (0, -98), (0, 6), (-3, 6)), (92, 62, 44))
    polygon(canvas, at((3, -94), (48, -14), (3, -14)), (252, 248, 240))
    polygon(canvas, at((-6, -82), (-6, -14), (-36, -14)), (236, 92, 70))
    polygon(canvas, at((-52, -6), (58, -6), (40, 24), (-38, 24)), (120, 66, 44))


def skyline(
    rng: np.random.Generator, wall: Colour, window: Colour, low: int, high: int, lit: float
) -> tuple[npt.NDArray[np.float32], Canvas]:
    """Returns a row of houses, wider than the picture: each column's height, and the walls."""
    width = WIDTH + 160
    heights = np.full(width, HEIGHT, dtype=np.float32)
    picture = np.empty((HEIGHT, width, 3), dtype=np.float32)
    picture[:] = wall
    x = 0
    while x < width:
        across = int(rng.integers(4, 8)) * 9 + 5
        top = HEIGHT - int(rng.integers(low, high))
        heights[x : x + across] = top
        for column in range(x + 6, min(x + across - 6, width - 5), 9):
            for row in range(top + 8, HEIGHT, 12):
                if rng.random() < lit:
                    shade = rng.uniform(0.7, 1)
                    picture[row : row + 6, column : column + 4] = [shade * tone for tone in window]
        x += across + int(rng.integers(0, 4)) * 2
    return heights, picture


def fir(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """Draws a fir tree that stands on a point."""
    polygon(canvas, [(x - 3, y - 12), (x + 3, y - 12), (x + 3, y), (x - 3, y)], (74, 54, 46))
    for height, half in ((0.08, 0.34), (0.34, 0.27), (0.58, 0.19)):
        bottom = y - height * size
        polygon(
            canvas,
            [(x, bottom - 0.46 * size), (x + half * size, bottom), (x - half * size, bottom)],
            colour,
        )


def balloon(canvas: Canvas, x: float, y: float, size: float, body: Colour, stripe: Colour) -> None:
    """Draws a hot-air balloon whose envelope has the radius `size`."""
    basket = y + 1.75 * size
    for side in (-1, 1):
        polygon(
            canvas,
            [
                (x + side * 0.5 * size, y + 0.8 * size),
                (x + side * 0.5 * size + 1.6, y + 0.8 * size),
                (x + side * 0.16 * size + 1.6, basket),
                (x + side * 0.16 * size, basket),
            ],
            (96, 72, 52),
        )
    polygon(
        canvas,
        [
            (x - 0.78 * size, y + 0.6 * size),
            (x + 0.78 * size, y + 0.6 * size),
            (x + 0.26 * size, y + 1.36 * size),
            (x - 0.26 * size, y + 1.36 * size),
        ],
        body,
    )
    disc(canvas, x, y, size, body)
    for across, colour in ((0.72, stripe), (0.4, body), (0.14, stripe)):
        ellipse(canvas, x, y, across * size, size, colour)
    polygon(
        canvas,
        [
            (x - 0.2 * size, basket),
            (x + 0.2 * size, basket),
            (x + 0.16 * size, basket + 0.28 * size),
            (x - 0.16 * size, basket + 0.28 * size),
        ],
        (140, 96, 58),
    )


def planet(canvas: Canvas, x: float, y: float, size: float) -> None:
    """Draws a planet with rings."""
    behind = canvas.copy()
    for across, colour in (
        (2.05, (196, 160, 130)),
        (1.9, (150, 112, 110)),
        (1.72, (226, 196, 160)),
    ):
        ellipse(canvas, x, y, across * size, 0.36 * across * size, colour)
    rings = canvas.copy()
    # The sky shows through the gap between the rings and the planet.
    gap = _oval(x, y, 1.42 * size, 0.46 * size)
    canvas += (behind - canvas) * gap
    disc(canvas, x, y, size, (232, 150, 88))
    stripes = ((-44, 8, (246, 184, 120)), (-12, 12, (206, 116, 72)), (24, 9, (250, 196, 140)))
    for dy, half, colour in stripes:
        ellipse(canvas, x, y + dy, float(np.sqrt(size * size - dy * dy)) - 1.5, half, colour, 0.8)
    # The front half of the rings passes before the planet.
    front = _oval(x, y, 2.05 * size, 0.738 * size) * (1 - gap) * (y <= ROWS)[:, :, None]
    canvas += (rings - canvas) * front


def _oval(x: float, y: float, across: float, down: float) -> npt.NDArray[np.float32]:
    distance = np.sqrt(((COLUMNS - x) / across) ** 2 + ((ROWS - y) / down) ** 2)
    mask = np.clip((1 - distance) * down + 0.5, 0, 1)
    return np.asarray(mask[:, :, None], dtype=np.float32)


def rocket(canvas: Canvas, x: float, y: float) -> None:
    """Draws a rocket that flies up and to the right."""
    angle = np.deg2rad(61)
    sin, cos = float(np.sin(angle)), float(np.cos(angle))

    def at(*corners: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + cos * dx - sin * dy, y + sin * dx + cos * dy) for dx, dy in corners]

    polygon(canvas, at((-8, 26), (8, 26), (0, 62)), (255, 150, 50))
    polygon(canvas, at((-5, 26), (5, 26), (0, 46)), (255, 236, 150))
    polygon(canvas, at((-12, 8), (-22, 30), (-8, 26))[::-1], (220, 64, 64))
    polygon(canvas, at((12, 8), (22, 30), (8, 26)), (220, 64, 64))
    polygon(canvas, at((-11, -18), (11, -18), (11, 26), (-11, 26)), (238, 240, 246))
    polygon(canvas, at((0, -48), (11, -18), (-11, -18)), (220, 64, 64))
    (window,) = at((0, -4))
    disc(canvas, *window, 6, (70, 160, 220))
