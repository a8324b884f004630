"""Clients of S3-compatible stores. Loading this module loads aiobotocore: some 0.4 s."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, ClientError

from framecap.storage.s3.bucket import Credentials, S3Bucket
from framecap.transport.counted_requests import counted_request
from framecap.transport.faults import FaultKind, StoreFault, by_status
from framecap.transport.request_statistics import NoRequestStatistics, Operation, RequestStatistics
from framecap.transport.retry import DEFAULT_RETRY_POLICY, RetryPolicy

MAX_CONNECTIONS: Final = 100

# Error codes that are more specific than the status.
_CODES: Final = {
    "NoSuchBucket": FaultKind.NO_BUCKET,
    "NoSuchKey": FaultKind.NO_OBJECT,
    "PreconditionFailed": FaultKind.CHANGED,
    "SlowDown": FaultKind.PASSING,
    "Throttling": FaultKind.PASSING,
    "RequestTimeout": FaultKind.PASSING,
    # The body arrived damaged or truncated.
    "BadDigest": FaultKind.PASSING,
    "IncompleteBody": FaultKind.PASSING,
    "ExpiredToken": FaultKind.FORBIDDEN,
    "InvalidAccessKeyId": FaultKind.FORBIDDEN,
}


@dataclass(frozen=True, slots=True)
class _Account:
    """The settings of one client."""

    endpoint: str | None
    region: str
    path_style: bool
    credentials: Credentials | None


class S3Clients:
    """Owns the clients of all stores; creates each at its first use. Close it.

    Args:
        statistics: Receives the figures of their requests.
        retry_policy: The timeouts and attempts of requests.
    """

    def __init__(
        self,
        statistics: RequestStatistics | None = None,
        retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY,
    ) -> None:
        self.statistics: Final = statistics or NoRequestStatistics()
        self.retry_policy: Final = retry_policy
        self._clients: dict[_Account, Any] = {}
        self._making = asyncio.Lock()
        self._held = AsyncExitStack()
        self._session = get_session()

    async def of(self, bucket: S3Bucket) -> Any:
        """Returns the client for a bucket's store."""
        account = _Account(bucket.endpoint, bucket.region, bucket.path_style, bucket.credentials)
        async with self._making:
            if account not in self._clients:
                self._clients[account] = await self._held.enter_async_context(self._make(account))
            return self._clients[account]

    def counted_request(self, operation: Operation) -> AbstractAsyncContextManager[None]:
        """Counts the request inside the block, and translates its error to a `StoreFault`."""
        return counted_request(self.statistics, operation, _translate)

    async def close(self) -> None:
        """Closes all connections."""
        await self._held.aclose()

    def _make(self, account: _Account) -> Any:
        credentials = account.credentials
        return self._session.create_client(
            "s3",
            endpoint_url=account.endpoint,
            region_name=account.region,
            # Set even for unsigned requests, so that botocore does not search for credentials.
            aws_access_key_id=credentials.access_key if credentials else "anonymous",
            aws_secret_access_key=credentials.secret_key if credentials else "anonymous",
            aws_session_token=credentials.session_token if credentials else None,
            config=AioConfig(
                signature_version="s3v4" if credentials else UNSIGNED,
                s3={"addressing_style": "path" if account.path_style else "virtual"},
                connect_timeout=self.retry_policy.connect_seconds,
                read_timeout=self.retry_policy.silent_seconds,
                max_pool_connections=MAX_CONNECTIONS,
                # This service retries itself, since it counts attempts and resumes midway.
                retries={"total_max_attempts": 1, "mode": "standard"},
                # Stores other than Amazon's refuse bodies with trailers.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )


def _translate(error: Exception) -> StoreFault | None:
    """Returns the fault for a client's error; None if the error is not a store's."""
    match error:
        case StoreFault():
            return error
        case ClientError():
            return _of_answer(error)
        case BotoCoreError() | aiohttp.ClientError() | OSError() | TimeoutError():
            return StoreFault(FaultKind.PASSING, type(error).__name__)
    return None


def _of_answer(error: ClientError) -> StoreFault:
    code = str(error.response.get("Error", {}).get("Code", ""))[:64]
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind = _CODES.get(code) or by_status(status)
    return StoreFault(kind, code or str(status))
