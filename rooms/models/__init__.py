"""Tables of this floor, one module for each part of a room."""

from rooms.models.crew import CrewMember
from rooms.models.room import Room, RoomEvent, RoomItem
from rooms.models.tools import Poll, PollVote, Reminder

__all__ = ["CrewMember", "Poll", "PollVote", "Reminder", "Room", "RoomEvent", "RoomItem"]
