"""Work in threads of its own: each has its own connection, and so its own transaction."""

import threading
from collections.abc import Callable


def in_threads(number: int, work: Callable[[], object]) -> None:
    """Run the work in threads of its own, and wait for them."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not errors, errors
    assert not any(thread.is_alive() for thread in threads)
