"""The socket of a room."""

from channels.routing import URLRouter

socket_routes = URLRouter([])


async def stop_sockets() -> None:
    """Tell every viewer to reconnect elsewhere."""
