"""`framecap serve` and `framecap health`."""

import signal
import socket
import subprocess

import pytest

from cli.conftest import COMMAND
from support.served import free_address


@pytest.fixture
def address():
    return free_address()


def test_a_service_is_healthy_until_it_is_told_to_end(process, tmp_path, environment, address):
    with subprocess.Popen(
        [*COMMAND, "serve", "--listen", address, "--metrics", "off", "--data", "data"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as service:
        assert "serving" in service.stderr.readline()
        healthy = process("health", "--address", address)
        by_variable = process("health", FRAMECAP_ADDRESS=address)
        service.send_signal(signal.SIGTERM)
        log = service.stderr.read()
        assert service.wait(30) == 0, log
    assert (healthy.returncode, healthy.stdout) == (0, "serving\n")
    assert by_variable.returncode == 0
    assert "Traceback" not in log


def test_nobody_is_not_healthy(process, address):
    done = process("health", "--address", address, "--timeout", "5")
    assert done.returncode == 4
    assert done.stderr.startswith(f"framecap: {address} does not answer")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "nonsense"], "--listen"),
        (["--listen", "0.0.0.0:50051"], "--listen"),
        (["--metrics", "localhost:99999"], "--metrics"),
        (["--allow-path", "/nowhere/at/all"], "allow-path"),
        (["--selections", "a b"], '--selections: "a b" is no name'),
        (["--selections", "absent"], "selections: absent is not installed;"),
    ],
)
def test_an_option_that_cannot_be_used_names_itself(process, address, arguments, words):
    done = process("serve", "--listen", address, "--metrics", "off", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_that_cannot_be_used_names_itself(process):
    done = process("serve", FRAMECAP_LISTEN="nonsense")
    assert done.returncode == 2
    assert "FRAMECAP_LISTEN" in done.stderr


def test_an_address_in_use_is_told(process):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = process("serve", "--listen", address, "--metrics", "off")
    assert done.returncode in (2, 4)
    assert address in done.stderr
    assert "Traceback" not in done.stderr
