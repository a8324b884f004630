"""Made-up packets, with what is asked of packets before they are decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(eq=False)
class MadePacket:
    """A packet without contents."""

    pts: int | None
    dts: int | None = None
    is_keyframe: bool = False
    is_discard: bool = False
    size: int = 100
    duration: int | None = None


THE_END = MadePacket(None, size=0)


def timed(times: Iterable[int], keys: Iterable[int] = (0,), *, discard: Iterable[int] = ()) -> Any:
    """Returns packets of pictures that appear at `times`, in the order of decoding.

    Args:
        times: When each picture appears.
        keys: The times of keyframes.
        discard: The times of pictures that an edit list hides.
    """
    times, keys, hidden = list(times), set(keys), set(discard)
    late = max(sorted_ - pts for sorted_, pts in zip(sorted(times), times, strict=True))
    return [
        MadePacket(pts, dts - late, pts in keys, pts in hidden)
        for pts, dts in zip(times, sorted(times), strict=True)
    ]


def _between(draw: st.DrawFn, times: list[int], depth: int) -> Iterator[int]:
    """Yields the B pictures between two others, in the order of decoding."""
    if not times:
        return
    if depth == 0 or draw(st.booleans()):
        yield from times
        return
    middle = len(times) // 2
    yield times[middle]
    yield from _between(draw, times[:middle], depth - 1)
    yield from _between(draw, times[middle + 1 :], depth - 1)


@st.composite
def structures(draw: st.DrawFn, groups: int = 4) -> tuple[list[int], list[int]]:
    """Returns times in the order of decoding, and those of the keyframes among them.

    Up to 16 B pictures lie between two others, flat or in pyramids, also before a keyframe (an
    open group), and no picture is as long as the next.
    """
    gaps = st.integers(1, 9)
    now = draw(st.integers(-50, 50))
    order, keys = [now], [now]
    for _ in range(draw(st.integers(1, groups))):
        for anchor in range(draw(st.integers(1, 4))):
            count = draw(st.integers(0, 16))
            times = [now := now + draw(gaps) for _ in range(count + 1)]
            order.append(times[-1])
            order += _between(draw, times[:-1], draw(st.integers(0, 3)))
            if anchor == 0 and len(order) > 20:
                keys.append(times[-1])
    return order, keys
