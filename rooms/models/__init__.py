"""Tables of this floor, one module for each part of a room."""

from rooms.models.crew import CrewMember
from rooms.models.room import Room, RoomEvent, RoomItem

__all__ = ["CrewMember", "Room", "RoomEvent", "RoomItem"]
