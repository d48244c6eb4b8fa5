"""Use a second core: one process makes items while this one stores them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import TypeVar

from config.command_errors import CommandFailedError

T = TypeVar("T")


class ProducerDiedError(CommandFailedError):
    """The producing process ended before it was done."""


def produce_in_process(make: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Yield what `make()` yields in another process, one item ahead. Raises ProducerDiedError."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    producer = multiprocessing.Process(target=_send, args=(make, reader, writer), daemon=True)
    producer.start()
    writer.close()
    try:
        while (item := reader.recv()) is not None:
            yield item
    except EOFError:
        raise ProducerDiedError("The process that makes the articles died.") from None
    finally:
        reader.close()
        producer.join()


def _send(make: Callable[[], Iterable[T]], reader: Connection, writer: Connection) -> None:
    reader.close()  # so that sending fails when the consumer is gone
    try:
        for item in make():
            writer.send(item)
        writer.send(None)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
