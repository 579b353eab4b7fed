"""The chat consumer of Channels' tutorial, part 3, with events in place of chat lines."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import re_path


class RoomConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.room_group_name = f"room_{self.scope['url_route']['kwargs']['room_name']}"
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, close_code):
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def room_event(self, event):
        await self.send(text_data=json.dumps(event["event"], separators=(",", ":")))


websocket_urlpatterns = [
    re_path(r"ws/rooms/(?P<room_name>\w+)/$", RoomConsumer.as_asgi()),
]
