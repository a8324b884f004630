"""Alerts and dashboard speak of metrics that there are, and alerts fire when they say."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from framecap.admission import Admission, AdmissionLimits
from framecap.telemetry.metrics import ServiceMetrics

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus/framecap.rules.yaml"
DASHBOARD = DEPLOY / "grafana/framecap.json"


def metrics() -> bytes:
    return generate_latest(ServiceMetrics(Admission(AdmissionLimits())).registry)


def promtool(*arguments: str | Path, given: bytes = b"") -> str:
    done = subprocess.run(["promtool", *arguments], input=given, capture_output=True)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


@pytest.mark.external("promtool")
def test_the_metrics_keep_the_conventions() -> None:
    assert promtool("check", "metrics", given=metrics()) == ""


@pytest.mark.external("promtool")
def test_the_alerts_fire_when_they_say() -> None:
    assert "SUCCESS" in promtool("check", "rules", RULES)
    assert "SUCCESS" in promtool("test", "rules", RULES.with_name("framecap.test.yaml"))


def test_every_alert_is_tested_both_ways() -> None:
    alerts = re.findall(r"alert: (\w+)", RULES.read_text())
    tested = re.findall(r"alertname: (\w+)", RULES.with_name("framecap.test.yaml").read_text())
    assert alerts
    assert sorted(tested) == sorted(2 * alerts)


@pytest.mark.parametrize("path", [RULES, DASHBOARD], ids=lambda path: path.name)
def test_the_metrics_spoken_of_exist(path: Path) -> None:
    families = re.findall(r"^# TYPE (\w+) (\w+)", metrics().decode(), re.MULTILINE)
    series = {name for name, _ in families}
    for name, kind in families:
        if kind == "histogram":
            series |= {f"{name}_{part}" for part in ("bucket", "count", "sum")}
    spoken = set(re.findall(r"framecap_\w+", path.read_text()))
    assert spoken
    assert spoken <= series


def test_the_dashboard_shows_every_metric() -> None:
    shown = " ".join(
        target["expr"]
        for panel in json.loads(DASHBOARD.read_text())["panels"]
        for target in panel["targets"]
    )
    names = re.findall(r"^# TYPE (\w+)", metrics().decode(), re.MULTILINE)
    assert [n for n in names if n not in shown and not n.endswith("_created")] == []
