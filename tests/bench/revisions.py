"""Compares the speed of this tree with that of another revision of it, in turn.

    FRAMECAP_CORPUS=… python tests/bench/revisions.py REVISION [--rounds 7]

It checks the revision out into a folder of its own, builds it there, and runs three works of both,
round by round, the order changing from round to round: sparse captures by the command, captures of
one image through gRPC, and kernels. Images are compared first. A ratio is made of processor times,
children included, of the same round, of kernels the least of 200; above 1, this tree takes longer.
It needs the `bench` extra.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import venv
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
    work, least = works[int(line)], float("inf")
    for _ in range(200):
        began = time.thread_time()
        work.ours.run()
        least = min(least, time.thread_time() - began)
    print(least, flush=True)
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


Pairs = list[tuple[float, float]]
"""For each round, the times of this tree and of the other."""


@dataclass(frozen=True)
class Tree:
    """A built tree."""

    path: Path

    python: str = sys.executable
    """Its interpreter, which finds the tree's package without help: the fork server gets none."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of its commands."""
        return {**os.environ, "PYTHONPATH": str(self.path / "tests")}

    def run(self, *arguments: str) -> str:
        """Runs its Python, and returns what that prints."""
        command = [self.python, *arguments]
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
    environment = path / ".venv"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # The tree's package comes first; all others are those of this environment.
    found = [path / "service", *(Path(p) for p in sys.path if p.endswith("site-packages"))]
    (packages / "paths.pth").write_text("".join(f"{folder}\n" for folder in found))
    tree = Tree(path, str(environment / "bin" / "python"))
    tree.run("-c", _EDITABLE, "build_ext", "--inplace")
    tree.run("-c", _EDITABLE, "build_proto")
    return tree


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
        command = [tree.python, "-m", "framecap.cli.main", "serve", "--listen", self.address]
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
        [tree.python, "-c", KERNELS],
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


def show(name: str, pairs: Pairs) -> None:
    """Prints the ratios of a work: the median, the least and the largest."""
    ratios = [ours / theirs for ours, theirs in pairs]
    print(f"| {name} | {median(ratios):.3f} | {min(ratios):.3f} to {max(ratios):.3f} |", flush=True)


@dataclass(frozen=True)
class Comparison:
    """Both trees, this one first, and the folder of films and images."""

    trees: tuple[Tree, Tree]
    folder: Path
    rounds: int

    def pairs(self, work: Callable[[int, int], float]) -> Pairs:
        """Times a work of both trees in turn.

        Args:
            work: Returns the time of the tree of a number, in the round of a number.
        """
        found = []
        for number in range(self.rounds):
            order = (0, 1) if number % 2 else (1, 0)
            taken = {index: work(index, number) for index in order}
            found.append((taken[0], taken[1]))
        return found

    def sparse(self) -> None:
        """Compares sparse captures by the command."""
        film = make_clip(self.folder / "film.mp4", frames=3000, gop=50, size=(1280, 720))
        for case, text in enumerate(SPARSE):

            def captured(index: int, name: str, case: int = case, text: str = text) -> str:
                target = self.folder / f"images-{case}-{index}-{name}"
                return sparse(self.trees[index], film, text, target)

            def timed(index: int, number: int, captured: Callable[..., str] = captured) -> float:
                return cpu_of(lambda: captured(index, str(number)))

            assert captured(0, "first") == captured(1, "first"), f"{text}: the images differ"
            show(f"`{text}` by the command", self.pairs(timed))

    def calls(self) -> None:
        """Compares captures of one image through gRPC."""
        film = make_clip(self.folder / "short.mp4", frames=125, gop=50, size=(640, 360))
        with ExitStack() as held:
            services = [Service(tree, self.folder) for tree in self.trees]
            for service in services:
                held.callback(service.close)
            first, other = (service.capture(film, 3) for service in services)
            assert first == other, "the images differ"

            def timed(index: int, _: int) -> float:
                before = services[index].cpu()
                services[index].capture(film, CALLS)
                return services[index].cpu() - before

            show(f"`{THUMBNAIL}` through gRPC", self.pairs(timed))

    def kernels(self) -> None:
        """Compares the kernels."""
        with ExitStack() as held:
            works = [held.enter_context(kernels(tree)) for tree in self.trees]
            names = ("area", "bicubic", "hash", "JPEG")
            assert [count for _, count in works] == [len(names)] * 2, "the kernels have changed"
            for number, name in enumerate(names):
                show(f"kernel: {name}", self.pairs(lambda i, _, n=number: works[i][0](n)))


def main() -> None:
    """Builds the revision, compares and times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("revision")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=("sparse", "calls", "kernels"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        trees = (Tree(ROOT), build(chosen.revision, Path(name, "revision")))
        comparison = Comparison(trees, Path(name), chosen.rounds)
        print("| work | ratio, median | least to largest |\n|---|---|---|")
        for part in ("sparse", "calls", "kernels"):
            if chosen.only in (None, part):
                getattr(comparison, part)()


if __name__ == "__main__":
    main()
