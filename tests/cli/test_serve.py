"""`framecap serve` and `framecap health`."""

import signal
import socket
import subprocess

import pytest

from cli.conftest import COMMAND


@pytest.fixture
def address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_service_is_healthy_until_it_is_told_to_end(framecap, tmp_path, environment, address):
    with subprocess.Popen(
        [*COMMAND, "serve", "--listen", address, "--metrics", "off", "--data", "data"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert "serving" in process.stderr.readline()
        healthy = framecap("health", "--address", address)
        by_variable = framecap("health", FRAMECAP_ADDRESS=address)
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read()
        assert process.wait(30) == 0, log
    assert (healthy.returncode, healthy.stdout) == (0, "serving\n")
    assert by_variable.returncode == 0
    assert "Traceback" not in log


def test_nobody_is_not_healthy(framecap, address):
    done = framecap("health", "--address", address, "--timeout", "5")
    assert done.returncode == 4
    assert done.stderr.startswith(f"framecap: {address} does not answer")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "nonsense"], "--listen"),
        (["--listen", "0.0.0.0:50051"], "--listen"),
        (["--metrics", "localhost:99999"], "--metrics"),
        (["--allow-path", "/nowhere/at/all"], "allow-path"),
    ],
)
def test_an_option_that_cannot_be_used_names_itself(framecap, address, arguments, words):
    done = framecap("serve", "--listen", address, "--metrics", "off", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_that_cannot_be_used_names_itself(framecap):
    done = framecap("serve", FRAMECAP_LISTEN="nonsense")
    assert done.returncode == 2
    assert "FRAMECAP_LISTEN" in done.stderr


def test_an_address_in_use_is_told(framecap):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = framecap("serve", "--listen", address, "--metrics", "off")
    assert done.returncode in (2, 4)
    assert address in done.stderr
    assert "Traceback" not in done.stderr
