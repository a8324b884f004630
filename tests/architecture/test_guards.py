"""Each guard of the suite, on a test that does what it forbids."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

# The leaks below last, so nothing is gained by waiting for them to go.
HASTEN = """
def pytest_configure():
    from support.guards import leaks
    from support.guards import tasks

    leaks.GRACE_S = tasks.GRACE_S = 0.2
"""

# At the end of a run, its closing line; scripts read it.
CLOSING = r"=+ .*\d+ passed.* in \d+\.\d+s =+"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs tests under this suite's own conftest.py and configuration, in their own process."""
    pytester.makeconftest(Path(ROOT, "tests/conftest.py").read_text() + HASTEN)

    def run(*sources: str, processes: int = 0, **environment: str) -> pytest.RunResult:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        files = {f"test_{k}": textwrap.dedent(source) for k, source in enumerate(sources)}
        pytester.makepyfile(**files)
        return pytester.runpytest_subprocess(
            "-c",
            ROOT / "pyproject.toml",
            f"--rootdir={pytester.path}",
            f"--numprocesses={processes}",
            "-p",
            "no:cacheprovider",
            *(f"{name}.py" for name in files),
        )

    return run


def test_a_clean_test_passes(run: Run) -> None:
    result = run(
        """
        import asyncio, logging, subprocess, threading, pytest

        @pytest.fixture(scope="module")
        def service():
            process = subprocess.Popen(["sleep", "60"])
            yield process
            process.kill()
            process.wait()

        def test_sync(tmp_path, service):
            with open(tmp_path / "a", "w"):
                subprocess.run(["true"], check=True)
            thread = threading.Thread(target=print)
            thread.start()
            thread.join()
            logging.getLogger("x").warning("a warning")

        async def test_async(service):
            await asyncio.create_task(asyncio.sleep(0))
            await asyncio.to_thread(print)
            process = await asyncio.create_subprocess_exec("true")
            await process.wait()
        """
    )
    result.assert_outcomes(passed=2)
    assert result.ret == 0


def test_what_a_test_leaves_behind_fails_it(run: Run) -> None:
    result = run(
        """
        import os, socket, subprocess, threading, time
        from pathlib import Path

        LEAK = []

        def test_file():
            LEAK.append(open("left.txt", "w"))

        def test_socket():
            LEAK.append(socket.socket())

        def test_pipe():
            LEAK.append(os.pipe())

        def test_pidfd():
            LEAK.append(os.pidfd_open(os.getpid()))

        def test_process():
            LEAK.append(subprocess.Popen(["sleep", "60"]))
            # A program that is only just beginning has no arguments yet.
            while not Path(f"/proc/{LEAK[-1].pid}/cmdline").read_bytes():
                pass

        def test_zombie():
            LEAK.append(subprocess.Popen(["true"]))

        def test_thread():
            threading.Thread(target=time.sleep, args=(8,), name="idler").start()

        def test_blameless():
            pass
        """
    )
    # One more: what is left at the end of the session fails that too.
    result.assert_outcomes(passed=8, errors=8)
    result.stdout.fnmatch_lines(
        [
            line
            for test, said in (
                ("file", "descriptor */left.txt"),
                ("socket", "descriptor * socket:*"),
                ("pipe", "descriptor * pipe:*"),
                ("pidfd", "descriptor * anon_inode:?pidfd?*"),
                ("process", "process *: sleep 60 "),
                ("zombie", "process *: ended, not waited for"),
                ("thread", "thread *: idler"),
                ("blameless", "left behind:"),
            )
            for line in (f"*ERROR at teardown of test_{test}*", said)
        ]
    )


def test_what_a_wider_fixture_leaves_behind_fails_the_session(run: Run) -> None:
    result = run(
        """
        import pytest, socket

        @pytest.fixture(scope="module")
        def endpoint():
            return socket.socket()

        LEAK = []

        def test_uses_it(endpoint):
            LEAK.append(endpoint)
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert "socket:" in result.stdout.str()


def test_a_task_left_behind_fails(run: Run) -> None:
    result = run(
        """
        import asyncio

        async def test_leaks():
            asyncio.get_running_loop().leak = asyncio.create_task(asyncio.sleep(60), name="sleeper")
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert "sleeper" in result.stdout.str()


def test_a_task_that_a_fixture_ends_is_no_leak(run: Run) -> None:
    result = run(
        """
        import asyncio, pytest_asyncio

        @pytest_asyncio.fixture
        async def worker():
            task = asyncio.create_task(asyncio.sleep(60))
            yield
            task.cancel()

        async def test_uses_it(worker):
            await asyncio.sleep(0)
        """
    )
    result.assert_outcomes(passed=1)


def test_a_skip_is_a_failure(run: Run) -> None:
    result = run(
        """
        import pytest

        def test_call():
            pytest.skip("not today")

        @pytest.mark.skip(reason="not today")
        def test_marker():
            pass

        @pytest.fixture
        def lazy():
            pytest.skip("not today")

        def test_fixture(lazy):
            pass

        @pytest.mark.xfail(reason="not today")
        def test_expected_failure():
            assert False
        """
    )
    assert result.parseoutcomes().keys() <= {"failed", "errors"}
    assert sum(result.parseoutcomes().values()) == 4
    assert result.outlines.count("a skip is a failure: Skipped: not today") == 3
    assert result.outlines.count("a skip is a failure: not today") == 1


def test_a_file_that_skips_itself_is_a_failure(run: Run) -> None:
    result = run("import pytest\npytest.skip('not today', allow_module_level=True)")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["a skip is a failure: Skipped: not today"])


def test_parameters_that_are_none_at_all_are_a_failure(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("case", [])
        def test_it(case): ...
        """
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*mpty parameter set*"])


def test_an_error_in_the_log_fails(run: Run) -> None:
    result = run(
        """
        import logging

        def test_logs():
            logger = logging.getLogger("aside")
            logger.propagate = False
            logger.addHandler(logging.NullHandler())
            logger.error("the %s broke", "lamp")

        def test_next():
            pass
        """
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_logs*", "aside: the lamp broke"])


def test_an_expected_error_passes_and_must_come(run: Run) -> None:
    result = run(
        """
        import logging

        def test_comes(expected_errors):
            expected_errors.append("lamp .*broke")
            logging.error("the lamp has broke")

        def test_comes_with_another(expected_errors):
            expected_errors.append("lamp .*broke")
            logging.error("the lamp has broke")
            logging.error("the sofa too")

        def test_does_not_come(expected_errors):
            expected_errors.append("lamp")
        """
    )
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_comes_with_another*",
            "root: the sofa too",
            "*ERROR at teardown of test_does_not_come*",
            "expected errors were not logged: ['lamp']",
        ]
    )


def test_a_warning_fails(run: Run) -> None:
    result = run(
        """
        import threading, warnings

        def test_warning():
            warnings.warn("old")

        def test_unclosed_file():
            open(__file__)

        def test_failing_thread():
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
        """
    )
    result.assert_outcomes(failed=3)


MARKED = """
    import pytest

    @pytest.mark.corpus
    def test_marked():
        pass

    def test_asks(corpus):
        assert (corpus / "MANIFEST.tsv").name

    def test_asks_for_cases(cases):
        assert (cases / "README.md").name

    @pytest.mark.external
    def test_tools():
        pass

    @pytest.mark.external("sh")
    def test_shell():
        pass

    def test_plain():
        pass
"""


def test_what_cannot_run_is_not_collected_and_a_line_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRAMECAP_CORPUS", raising=False)
    monkeypatch.delenv("FRAMECAP_CASES", raising=False)
    Path(tmp_path, "sh").symlink_to("/bin/sh")
    result = run(MARKED, PATH=str(tmp_path))
    result.assert_outcomes(passed=2, deselected=4)
    result.stdout.fnmatch_lines(
        [
            "not collected: 2 tests, marked corpus: FRAMECAP_CORPUS is not set",
            "not collected: 1 tests, marked corpus: FRAMECAP_CASES is not set",
            "not collected: 1 tests, marked external: there is no node and no npm",
        ]
    )


def test_a_corpus_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    result = run(MARKED, PATH=os.defpath, FRAMECAP_CORPUS=str(tmp_path / "absent"))
    result.stdout.fnmatch_lines(
        ["not collected: 2 tests, marked corpus: FRAMECAP_CORPUS names no folder"]
    )


def test_what_can_run_is_collected(run: Run, tmp_path: Path) -> None:
    for tool in ("node", "npm", "sh"):
        Path(tmp_path, tool).symlink_to("/bin/true")
    folder = str(tmp_path)
    result = run(MARKED, PATH=folder, FRAMECAP_CORPUS=folder, FRAMECAP_CASES=folder)
    result.assert_outcomes(passed=6)
    assert "not collected" not in result.stdout.str()


FORBIDDEN = """
    import logging, os, socket, warnings, pytest

    LEAK = []

    def test_blameless():
        pass

    def test_descriptor():
        LEAK.append(socket.socket())

    def test_log():
        logging.error("the lamp broke")

    async def test_task():
        import asyncio
        asyncio.get_running_loop().leak = asyncio.create_task(asyncio.sleep(60), name="sleeper")

    def test_skip():
        pytest.skip("not today")

    def test_warning():
        warnings.warn("old")

    def test_process():
        print(f"in {os.environ['PYTEST_XDIST_WORKER']}")
        assert False
"""


def test_the_guards_hold_in_each_of_several_processes(run: Run) -> None:
    result = run(FORBIDDEN, FORBIDDEN, processes=2)
    # One error more for each process: what it holds at its end.
    result.assert_outcomes(passed=2 * 4, failed=2 * 3, errors=2 * 4)
    output = result.stdout.str()
    for said in (
        "socket:",
        "root: the lamp broke",
        "sleeper",
        "a skip is a failure: Skipped: not today",
        "UserWarning: old",
    ):
        assert output.count(said) >= 2, said
    assert "in gw0" in output and "in gw1" in output
    assert re.fullmatch(CLOSING, result.outlines[-1])


def test_a_file_that_skips_itself_fails_several_processes_too(run: Run) -> None:
    skipping = "import pytest\npytest.skip('not today', allow_module_level=True)"
    result = run(skipping, "def test_it(): pass", processes=2)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["a skip is a failure: Skipped: not today"])


def test_several_processes_say_once_what_was_left_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRAMECAP_CORPUS", raising=False)
    result = run(MARKED, MARKED, processes=2)
    line = "not collected: 4 tests, marked corpus: FRAMECAP_CORPUS is not set"
    assert result.outlines.count(line) == 1
    assert re.fullmatch(CLOSING, result.outlines[-1])
