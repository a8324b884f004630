"""Compares the speed of this tree with that of another revision of it, in turn.

    FRAMECAP_CORPUS=… python tests/bench/revisions.py REVISION [--rounds 7]

It checks the revision out into a folder of its own, builds it there, and runs three works of both,
round by round, the order changing from round to round: sparse captures by the command, captures of
one image through gRPC, and kernels. Images are compared first. A ratio is made of processor times,
children included, of the same round; above 1, this tree takes longer.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.clips import make_clip
from support.served import free_address

ROOT: Final = Path(__file__).parents[2]
SPARSE: Final = (
    "video/snapshots,f_jpg,w_100,h_100,scaletype_crop,inter_10000",
    "video/snapshots,f_jpg,w_640,scaletype_fit,inter_7300",
)
THUMBNAIL: Final = "video/snapshots,ss_2400,f_jpg,num_1,inter_1000,w_160,h_90"
CALLS: Final = 20
"""Captures of one round through gRPC."""

KERNELS: Final = """
import os, sys, time
from pathlib import Path
from bench.kernels.pictures import read
from bench.kernels.reference import lanczos
from bench.kernels.works import encoding, hashing, shrinking
from framecap.model.spec import ShrinkFilter
sample = read(Path(os.environ["FRAMECAP_CORPUS"]), "branches")
reference = lanczos(sample.luma, 640, 360)
works = [shrinking(sample, shrink, reference) for shrink in ShrinkFilter]
works += [hashing(sample), encoding(sample, reference)]
for work in works:
    work.ours.run()
print(len(works), flush=True)
for line in sys.stdin:
    work = works[int(line)]
    began = time.process_time()
    for _ in range(40):
        work.ours.run()
    print(time.process_time() - began, flush=True)
"""

CLIENT: Final = """
import sys
import grpc
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest
from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
address, source, text, count = sys.argv[1:]
with grpc.insecure_channel(address) as channel:
    stub = SnapshotServiceStub(channel)
    for _ in range(int(count)):
        events = [r.event for r in stub.CaptureFrames(
            CaptureFramesRequest(source=source, text=text), wait_for_ready=True)]
        assert events[-1].finished.captured_count == 1
        (image,) = (event.frame.sha256 for event in events if event.HasField("frame"))
print(image)
"""


@dataclass(frozen=True)
class Tree:
    """A built tree."""

    path: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of its commands."""
        paths = f"{self.path / 'service'}{os.pathsep}{self.path / 'tests'}"
        return {**os.environ, "PYTHONPATH": paths}

    def run(self, *arguments: str) -> str:
        """Runs its Python, and returns what that prints."""
        command = [sys.executable, *arguments]
        ran = subprocess.run(
            command, env=self.environment, cwd=self.path, capture_output=True, text=True
        )
        if ran.returncode:
            raise RuntimeError(f"{self.path}: {ran.stderr}")
        return ran.stdout


def build(revision: str, path: Path) -> Tree:
    """Checks a revision out, and builds its kernels and stubs in place."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(path)], check=True)
    subprocess.run(["git", "checkout", "--quiet", revision], cwd=path, check=True)
    for arguments in (
        ["-c", _EDITABLE, "build_ext", "--inplace"],
        ["-c", _EDITABLE, "build_proto"],
    ):
        Tree(path).run(*arguments)
    return Tree(path)


# The stubs of an editable install go into the tree.
_EDITABLE: Final = """
import sys
from setuptools.command.build import build
import setuptools
path = "setup.py"
sys.argv[0] = path
source = open(path).read().replace("editable_mode = False", "editable_mode = True")
exec(compile(source, path, "exec"), {"__name__": "__main__", "__file__": path})
"""


def cpu_of(work: Callable[[], object]) -> float:
    """Returns the processor time that ended children used for a work, theirs included."""
    before = os.times()
    work()
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - (before.children_user + before.children_system)
    )


def sparse(tree: Tree, film: Path, text: str, target: Path) -> str:
    """Captures with the command; returns a digest of the images."""
    tree.run("-m", "framecap.cli.main", "capture", str(film), text, "-o", str(target))
    images = sorted(target.iterdir())
    assert images
    sums = "".join(hashlib.sha256(image.read_bytes()).hexdigest() for image in images)
    return hashlib.sha256(sums.encode()).hexdigest()


class Service:
    """A running service of a tree.

    Args:
        tree: The tree.
        folder: What it may read, and where its data goes.
    """

    def __init__(self, tree: Tree, folder: Path) -> None:
        self._tree = tree
        self.address = free_address()
        command = [sys.executable, "-m", "framecap.cli.main", "serve", "--listen", self.address]
        settings = {
            **tree.environment,
            "FRAMECAP_METRICS": "off",
            "FRAMECAP_DATA": str(folder / f"data-{id(self)}"),
            "FRAMECAP_ALLOW_PATH": str(folder),
        }
        self._process = subprocess.Popen(
            command, env=settings, cwd=tree.path, stderr=subprocess.DEVNULL
        )

    def capture(self, film: Path, count: int) -> str:
        """Captures one image so many times; returns its SHA-256."""
        return self._tree.run("-c", CLIENT, self.address, str(film), THUMBNAIL, str(count))

    def cpu(self) -> float:
        """Returns the processor time of the service, its fork server and its ended decoders."""
        return _cpu_of_tree(self._process.pid)

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(30)


def _cpu_of_tree(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ticks = sum(map(int, fields[11:15]))
    children = [
        child
        for listing in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listing.read_text().split()
    ]
    return ticks / os.sysconf("SC_CLK_TCK") + sum(_cpu_of_tree(int(child)) for child in children)


@contextmanager
def kernels(tree: Tree) -> Iterator[tuple[Callable[[int], float], int]]:
    """Runs the kernels of a tree in one process; yields the timing of one, and their number."""
    with subprocess.Popen(
        [sys.executable, "-c", KERNELS],
        env=tree.environment,
        cwd=tree.path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        count = int(stdout.readline())

        def timed(number: int) -> float:
            stdin.write(f"{number}\n")
            stdin.flush()
            return float(stdout.readline())

        yield timed, count
        stdin.close()


def show(name: str, pairs: list[tuple[float, float]]) -> None:
    """Prints the ratios of a work: the median, the least and the largest."""
    ratios = [ours / theirs for ours, theirs in pairs]
    print(f"| {name} | {median(ratios):.3f} | {min(ratios):.3f} to {max(ratios):.3f} |", flush=True)


def main() -> None:
    """Builds the revision, compares and times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("revision")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        folder = Path(name)
        trees = [Tree(ROOT), build(chosen.revision, folder / "revision")]
        film = make_clip(folder / "film.mp4", frames=3000, gop=50, size=(1280, 720))
        short = make_clip(folder / "short.mp4", frames=125, gop=50, size=(640, 360))
        print("| work | ratio, median | least to largest |\n|---|---|---|")

        def rounds(work: Callable[[int, int], float]) -> list[tuple[float, float]]:
            """Times a work of both trees in turn."""
            found = []
            for number in range(chosen.rounds):
                order = (0, 1) if number % 2 else (1, 0)
                taken = {index: work(index, number) for index in order}
                found.append((taken[0], taken[1]))
            return found

        for text in SPARSE:
            first = [sparse(tree, film, text, folder / f"{id(tree)}-{len(text)}") for tree in trees]
            assert first[0] == first[1], f"{text}: the images differ"

            def captured(index: int, number: int, text: str = text) -> float:
                target = folder / f"s{index}-{number}-{len(text)}"
                return cpu_of(lambda: sparse(trees[index], film, text, target))

            show(f"`{text}` by the command", rounds(captured))

        services = [Service(tree, folder) for tree in trees]
        for service in services:
            held.callback(service.close)
        assert services[0].capture(short, 3) == services[1].capture(short, 3), "images differ"

        def called(index: int, number: int) -> float:
            before = services[index].cpu()
            services[index].capture(short, CALLS)
            return services[index].cpu() - before

        show(f"`{THUMBNAIL}` through gRPC", rounds(called))
        ours, theirs = (held.enter_context(kernels(tree)) for tree in trees)
        names = ("area", "bicubic", "hash", "JPEG")
        assert ours[1] == theirs[1] == len(names), "the kernels have changed"
        for kernel, kind in enumerate(names):
            show(f"kernel: {kind}", rounds(lambda i, n, k=kernel: (ours, theirs)[i][0](k)))


if __name__ == "__main__":
    main()
