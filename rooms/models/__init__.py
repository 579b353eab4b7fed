"""Tables of this floor, one module for each part of a room."""

from rooms.models.crew import CrewMember
from rooms.models.letters import Letter
from rooms.models.moderation import (
    Appeal,
    HouseRules,
    ModerationAction,
    PlatformWord,
    Report,
    RoomDecision,
    Sanction,
)
from rooms.models.room import Room, RoomEvent, RoomItem
from rooms.models.talk import ChatMessage, Fan
from rooms.models.tools import Poll, PollVote, Reminder

__all__ = [
    "Appeal",
    "ChatMessage",
    "CrewMember",
    "Fan",
    "HouseRules",
    "Letter",
    "ModerationAction",
    "PlatformWord",
    "Poll",
    "PollVote",
    "Reminder",
    "Report",
    "Room",
    "RoomDecision",
    "RoomEvent",
    "RoomItem",
    "Sanction",
]
