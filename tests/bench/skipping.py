"""What skipping on the way to a picture saves.

    python tests/bench/skipping.py [FILE]…

For each video, some pictures of its longest run are reached twice in turn, from the run's keyframe:
with every packet fed, and with what `feeds` chooses. The pictures are compared before anything is
timed. A line says which share of the frames is decoded, the ratio of the CPU times (skipping to
not skipping, choosing included) as median and range over the pictures, and what choosing costs a
packet. Without files, videos of 640x360 are made: one GOP of 240 frames each.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from av.video.codeccontext import VideoCodecContext

sys.path.insert(0, str(Path(__file__).parents[1]))

from framecap._bitstream.av1 import obus
from framecap.media.decoding.skipping import Feed, feeds
from support.coded import Coded, decode, decoder, encode, read

TARGETS: Final = 9
MOST_PACKETS: Final = 400
SIZE: Final = (640, 360)
FRAMES: Final = 240

X265: Final = "log-level=none:scenecut=0"
SVT: Final = "hierarchical-levels"

# By name: encoder and options.
MADE: Final = {
    "h264, 3 b": ("libx264", {"bf": "3", "b-pyramid": "none", "preset": "medium"}),
    "h264, 3 b, pyramid": ("libx264", {"bf": "3", "preset": "medium"}),
    "h264, 8 b, pyramid": ("libx264", {"bf": "8", "x264-params": "b-adapt=0"}),
    "hevc, default": ("libx265", {"x265-params": X265}),
    "hevc, 3 layers": ("libx265", {"x265-params": f"{X265}:temporal-layers=3:bframes=7"}),
    "av1, 3 levels": ("libsvtav1", {"preset": "9", "svtav1-params": f"{SVT}=3"}),
    "av1, 5 levels": ("libsvtav1", {"preset": "9", "svtav1-params": f"{SVT}=5"}),
    "mpeg-2, 2 b": ("mpeg2video", {"bf": "2", "b": "4M"}),
    "mpeg-4, 2 b": ("mpeg4", {"bf": "2", "b": "2M"}),
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "b": "1M"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "b": "1M"}),
}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE")
    print("| video | frames | decoded | time | choosing, µs a packet |\n|---|---|---|---|---|")
    for name, coded in videos(parser.parse_args().files):
        run = max(coded.runs(), key=lambda run: len(run.packets))
        print(f"| {name} {line(run)} |", flush=True)


def videos(files: list[str]) -> Iterator[tuple[str, Coded]]:
    """Yields the named films, or those that are made where none is named."""
    for file in files:
        yield file.rpartition("/")[2], read(file)
    for name, (encoder, options) in ({} if files else MADE).items():
        settings = {"g": str(FRAMES), "threads": "2", **options}
        yield name, encode(encoder, settings, frames=FRAMES, size=SIZE)


def line(run: Coded) -> str:
    """Returns what skipping saves in a run.

    Raises:
        AssertionError: A picture is not the same.
    """
    packets = run.packets[:MOST_PACKETS]
    first = packets[0].pts or 0
    shown = [k for k, p in enumerate(packets) if p.pts is not None and p.pts >= first]
    context = decoder(run)
    ratios, costs, shares = [], [], []
    for target in Random(1).sample(shown[len(shown) // 4 :], TARGETS):
        end = target + 1
        wanted = [k == target for k in range(end)]
        choose = partial(feeds, run.codec, run.extradata, packets[:end], wanted, whole=True)
        everything, chosen = list(map(Feed, packets[:end])), choose()
        whole, part = decode(context, everything), decode(context, chosen)
        pts = packets[target].pts
        assert pts is not None and part[pts] == whole[pts]
        if run.codec == "av1":
            shares.append(frames_of(chosen) / frames_of(everything))
        else:
            shares.append(len(part) / len(whole))
        costs.append(seconds(choose) / end)
        full = seconds(partial(access_modes, context, everything))
        ratios.append((seconds(partial(access_modes, context, chosen)) + costs[-1] * end) / full)
    return (
        f"| {len(packets)} | {statistics.mean(shares):.0%}"
        f" | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        f" | {statistics.median(costs) * 1e6:.1f}"
    )


def access_modes(context: VideoCodecContext, fed: Iterable[Feed]) -> None:
    """Decodes and drains."""
    for feed in fed:
        if feed.packet is not None:
            context.skip_frame = "NONREF" if feed.references_only else "DEFAULT"
            context.decode(feed.packet)
    context.decode(None)
    context.flush_buffers()


def frames_of(fed: Iterable[Feed]) -> int:
    """Returns how many frames of AV1 packets are decoded, hidden ones among them."""
    datas = [bytes(feed.packet) for feed in fed if feed.packet is not None]
    return sum(kind in (3, 6) for data in datas for kind, *_ in obus(data) or ())


def seconds(work: Callable[[], object]) -> float:
    """Returns the CPU seconds of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
