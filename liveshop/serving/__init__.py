"""The server processes' own parts: how sockets are carried by uvicorn and by Daphne.

`websocket` is uvicorn's WebSocket protocol with a way to write ready-made frames, `daphne` the same
for Daphne, `pings` finds dead peers for all sockets of a process in one pass.
"""
