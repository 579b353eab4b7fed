"""Fan-out: one hub per server process carries each event to all viewers it has.

`viewer` is one connection's outgoing side, `channel` one room with viewers here, `hub` the loops
that feed all channels of the process; `store` is what they ask PostgreSQL.
"""

from rooms.hub.channel import RoomChannel
from rooms.hub.hub import Hub, close_current, current
from rooms.hub.viewer import Identity, Viewer

__all__ = ["Hub", "Identity", "RoomChannel", "Viewer", "close_current", "current"]
