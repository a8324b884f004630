"""A command loads only what it needs, so it starts quickly."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from framecap.cli.main import run
status = run(sys.argv[1:])
print(status, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

HEAVY = {"grpc", "grpc_health", "aiobotocore", "botocore", "aiohttp", "av", "PIL", "simplejpeg"}


@pytest.mark.parametrize("command", ["capture", "explain", "probe"])
def test_a_command_without_service_loads_nothing_of_one(clip, tmp_path, environment, command):
    request = [] if command == "probe" else ["video/snapshots,f_jpg,num_1"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, command, str(clip), *request],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    status, *loaded = done.stderr.splitlines()[-1].split()
    assert status == "0"
    assert not HEAVY & set(loaded)


def test_the_help_loads_no_command(tmp_path, environment):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = done.stderr.splitlines()[-1].split()
    assert not {*HEAVY, "rich", "numpy", "asyncio"} & set(loaded)
