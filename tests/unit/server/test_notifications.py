"""A service delivers notifications by its settings, or does not start."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from framecap.admission import Admission, AdmissionLimits
from framecap.config import Settings, SettingsError, load
from framecap.serve_settings import ServerSettings
from framecap.server.notifications import configured_topics, notifying
from framecap.tasks.notify.destinations import NOT_CONFIGURED
from framecap.tasks.notify.topic_kinds import TOPIC_KINDS
from framecap.telemetry.metrics import DESTINATIONS, ServiceMetrics
from support.tasks.outbox import emptied, end_tasks, open_engine


def test_a_file_of_topics_that_cannot_be_used_ends_the_start(tmp_path: Path) -> None:
    file = tmp_path / "topics.toml"
    settings = load({"FRAMECAP_TOPICS": str(file)})
    with pytest.raises(SettingsError, match=r"^topics: .*topics.toml: No such file or directory$"):
        configured_topics(settings)
    file.write_text("[topics.done]\nfiel = 'x'")
    with pytest.raises(SettingsError) as caught:
        configured_topics(settings)
    assert str(caught.value) == (
        f"topics: {file}: topics.done.fiel: is not read; did you mean file?"
    )


async def test_notifications_are_delivered_below_the_data_directory(tmp_path: Path) -> None:
    settings = replace(Settings(), server=ServerSettings(data=tmp_path))
    metrics = ServiceMetrics(Admission(AdmissionLimits()))
    async with open_engine(tmp_path / "tasks.sqlite") as engine:
        (event_id,) = await end_tasks(engine, "done")
        async with notifying(settings, engine, configured_topics(settings), metrics):
            await emptied(engine)
    (line,) = (tmp_path / "notifications/done.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == event_id
    shown = generate_latest(metrics.registry).decode()
    assert 'framecap_notifications_delivered_total{destination="file"} 1.0' in shown


def test_every_kind_of_destination_has_its_label() -> None:
    assert sorted(DESTINATIONS) == sorted({NOT_CONFIGURED, *(kind.name for kind in TOPIC_KINDS)})
