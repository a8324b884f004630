"""Names each failed test as soon as it has failed, for runs that are cut off before their end."""

from __future__ import annotations

import pytest


class AtOnce:
    """Writes a line for each failure.

    Args:
        reporter: The terminal of the run.
    """

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Writes the test, the phase and the time."""
        if report.failed:
            self._reporter.ensure_newline()
            said = f"FAILED {report.nodeid} in {report.when} after {report.duration:.1f} s"
            self._reporter.write_line(said, red=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Registers the reporter where there is a terminal."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(AtOnce(reporter), "framecap-at-once")
