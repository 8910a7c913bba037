"""What a peer's module gives back from open_case()."""

from dataclasses import dataclass, field
from typing import Callable, Optional


@dataclass
class Peer:
    name: str
    version: str
    # one run; returns seconds where it times itself, else None
    run: Callable[[], Optional[float]]
    # the result of the last run as an array; gets the bytes that our side wrote, or None
    outcome: Callable[[Optional[bytes]], object]
    # seconds of the native limit
    limit: Optional[Callable[[], float]] = None
    close: Callable[[], None] = lambda: None
    facts: dict = field(default_factory=dict)
