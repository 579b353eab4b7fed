"""Faults of the room engine: killed servers, lost Redis, half-open links, viewers that do not read.

`place` is what runs (services, server processes), `viewers` a client that follows the rule of
docs/realtime.md, `links` the network between them, `life` what happens in the room meanwhile,
`rounds` the faults and the proofs after each of them.
"""
