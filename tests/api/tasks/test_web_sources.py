"""Tasks from signed URLs: their query is kept for the worker and shown to nobody."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from api.tasks.conftest import Tasks
from framecap.storage.settings import StorageSettings
from framecap.storage.web import backend
from framecap.storage.web.reading import Web
from framecap.tasks.work import call_of
from framecap.v1.task_service_pb2 import ListTasksRequest, RetryTaskRequest
from framecap.v1.task_service_pb2_grpc import TaskServiceStub
from support.api.calls import code, reason, refusal
from support.api.running import Run
from support.api.tasks import FRONT, create, creation, get, watched, watching
from support.servers.web import CERTIFICATE, Site, running_site
from support.tasks.engines import end, take

SIGNED, RENEWED = "Signature=top%2Fsecret", "Signature=another%2Fsecret"
ID = "0190163d-8694-739b-aea5-966c26f8ad91"


@asynccontextmanager
async def tasks_of_web(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Tasks, Site]]:
    """Runs a service and a server that it may read from, with the file `film.mp4`."""
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    monkeypatch.setattr(backend, "Web", partial(Web, trust=trust))
    async with running_site() as site:
        site.files["film.mp4"] = b"a video"
        storage = StorageSettings(allow_private_host=(f"localhost:{site.port}",))
        async with run(replace(FRONT, storage=storage)) as (service, channel, _):
            yield Tasks(service, service.tasks, TaskServiceStub(channel)), site


async def test_a_query_is_shown_to_nobody_and_kept_for_the_worker(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tasks_of_web(run, monkeypatch) as ((_, engine, stub), site):
        site.signature = SIGNED
        url, name = site.url(f"film.mp4?{SIGNED}"), site.url("film.mp4")
        created = await create(stub, source=url)
        assert len(site.asked) == 1
        assert not created.accepted.warnings
        lease = await take(engine)
        assert call_of(lease.task, lease.work).source == url
        await end(lease)
        task = await get(stub, created.task_id)
        assert (task.accepted.source, created.accepted.source) == (name, name)
        listed = await stub.ListTasks(ListTasksRequest(source_prefix=name))
        events = await watched(stub, created.task_id)
        assert len(listed.tasks) == 1
        for shown in (created, task, listed, *events.events):
            assert "secret" not in str(shown)
        assert lease.task.pin.etag == '"0"'


async def test_a_renewed_signature_makes_no_other_request(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tasks_of_web(run, monkeypatch) as ((_, _, stub), site):
        first = await create(stub, source=site.url(f"film.mp4?{SIGNED}"), request_id=ID)
        site.status = 403
        again = await create(stub, source=site.url(f"film.mp4?{RENEWED}"), request_id=ID)
        assert again == first


async def test_a_file_known_by_its_size_alone_has_a_warning(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tasks_of_web(run, monkeypatch) as ((_, _, stub), site):
        site.facts = {}
        checked = await create(stub, source=site.url("film.mp4"), validate_only=True)
        created = await create(stub, source=site.url("film.mp4"))
        call = watching(stub, created.task_id)
        event = (await call.read()).event.accepted
        call.cancel()
        for accepted in (checked.accepted, created.accepted, event):
            (warning,) = accepted.warnings
            assert warning.reason == "SOURCE_VERSION_UNKNOWN"
            assert warning.message == (
                f'source: the server of "{site.url("film.mp4")}" states neither version nor time of'
                " change, so a change after now is noticed only if it changes the size"
            )
            assert dict(warning.metadata) == {"source": site.url("film.mp4")}


async def test_an_expired_signature_is_refused_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tasks_of_web(run, monkeypatch) as ((_, _, stub), site):
        site.signature = RENEWED
        status = await refusal(stub.CreateTask(creation(source=site.url(f"film.mp4?{SIGNED}"))))
        assert (code(status), reason(status)) == ("PERMISSION_DENIED", "SOURCE_NOT_ALLOWED")
        assert status.message == (
            f'source: "{site.url("film.mp4")}" may not be read: its store answers 403'
        )


async def test_a_retry_takes_a_new_query_of_the_same_source(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tasks_of_web(run, monkeypatch) as ((_, engine, stub), site):
        site.signature = SIGNED
        task_id = (await create(stub, source=site.url(f"film.mp4?{SIGNED}"))).task_id
        await end(await take(engine))
        site.signature, site.versions["film.mp4"] = RENEWED, 7
        # The query of the ended task was not kept.
        status = await refusal(stub.RetryTask(RetryTaskRequest(task_id=task_id)))
        assert reason(status) == "SOURCE_NOT_ALLOWED"
        source = site.url(f"other.mp4?{RENEWED}")
        status = await refusal(stub.RetryTask(RetryTaskRequest(task_id=task_id, source=source)))
        assert reason(status) == "VALUE_OUT_OF_RANGE"
        assert status.message == (
            f'source: "{site.url("other.mp4")}" is not "{site.url("film.mp4")}", with or without a'
            " query"
        )
        source = site.url(f"film.mp4?{RENEWED}")
        again = await stub.RetryTask(RetryTaskRequest(task_id=task_id, source=source))
        lease = await take(engine)
        assert lease.task.task_id == again.task_id
        assert lease.task.pin.etag == '"7"'
        assert call_of(lease.task, lease.work).source == source
