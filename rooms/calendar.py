"""A show as a calendar file (RFC 5545) that updates the entry it made before."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Alarm, Calendar, Event

from rooms.models import Room
from rooms.sharing import address

# How long a show is taken to last; nobody plans its end.
LENGTH = timedelta(hours=2)
NOTICE = timedelta(minutes=10)


def entry(room: Room) -> bytes:
    """The calendar with the one entry of a room that was ever scheduled.

    The UID stays the same for ever; SEQUENCE is the version of the plan, so a calendar replaces what
    it has; a show that was called off is CANCELLED.
    """
    assert room.scheduled_at is not None
    event = Event()
    event.add("uid", f"room-{room.pk}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("sequence", room.plan_version)
    event.add("dtstamp", room.created_at)
    event.add("dtstart", room.scheduled_at)
    event.add("dtend", room.scheduled_at + LENGTH)
    event.add("summary", f"{room.title} · {room.anchor.name}")
    event.add("url", address(room))
    event.add("description", address(room))
    event.add("status", "CANCELLED" if room.state == "ARCHIVED" else "CONFIRMED")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", room.title)
    alarm.add("trigger", -NOTICE)
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Liveshop//rooms//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if room.state == "ARCHIVED" else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
