"""What the hub does, for `/metrics`."""

from prometheus_client import Counter, Gauge

VIEWERS = Gauge("liveshop_room_viewers", "Sockets open", multiprocess_mode="livesum")
PAGES = Counter("liveshop_room_pages_total", "Room pages given to guests before Django")
ROOMS = Gauge("liveshop_room_channels", "Rooms that a process follows", multiprocess_mode="livesum")
FRAMES = Counter("liveshop_room_frames_total", "Frames written to viewers")
EVENTS = Counter("liveshop_room_events_total", "Events taken in, by class", ["kind"])
DROPPED = Counter("liveshop_room_dropped_total", "Frames not sent to slow viewers")
TOO_SLOW = Counter("liveshop_room_too_slow_total", "Viewers closed because they did not read")
CHAT_UNLOGGED = Counter("liveshop_room_chat_unlogged_total", "Chat lines that the log has not got")
GAPS = Counter("liveshop_room_gaps_total", "Times events were read from PostgreSQL to fill a gap")
SAMPLED = Counter("liveshop_room_chat_sampled_total", "Chat messages shown to their author only")
