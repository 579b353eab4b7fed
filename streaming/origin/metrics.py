"""Counters for Prometheus; served by `/metrics`, also by that of an origin of its own."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

PARTS: Final = Counter("liveshop_video_parts", "Parts taken in")
BYTES: Final = Counter("liveshop_video_bytes", "Bytes of parts taken in")
REFUSED: Final = Counter("liveshop_video_refused", "Requests refused by the origin", ["code"])
UNRECORDED: Final = Counter("liveshop_video_unrecorded", "Segments that the disk refused")
LIVE: Final = Gauge("liveshop_video_live", "Streams on air", multiprocess_mode="livesum")
LOADED: Final = Gauge("liveshop_video_loaded", "Streams in memory", multiprocess_mode="livesum")
