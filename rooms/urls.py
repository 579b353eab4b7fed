from django.urls import path

from rooms.views import crew, deals, moderate, plan, sanctions, sharing, staff, standing, studio, tools, watching

urlpatterns = [
    *crew.urls,
    *moderate.urls,
    *sanctions.urls,
    *staff.urls,
    *standing.urls,
    *deals.urls,
    *tools.urls,
    *plan.urls,
    *sharing.urls,
    path("rooms/<slug:slug>/", watching.room_page, name="room"),
    path("rooms/<slug:slug>/replay/", watching.replay_page, name="room-replay"),
    path("studio/", studio.home, name="studio"),
    path("studio/go-live/", studio.quick_start, name="studio-quick-start"),
    path("studio/rooms/", studio.create, name="studio-create"),
    path("studio/<slug:slug>/", studio.console, name="studio-room"),
    path("studio/<slug:slug>/go-live/", studio.go_live, name="studio-go-live"),
    path("studio/<slug:slug>/end/", studio.end, name="studio-end"),
    path("studio/<slug:slug>/discard/", studio.discard, name="studio-discard"),
    path("studio/<slug:slug>/schedule/", studio.schedule, name="studio-schedule"),
    path("studio/<slug:slug>/items/", studio.add_item, name="studio-add-item"),
    path("studio/<slug:slug>/items/remove/", studio.remove_item, name="studio-remove-item"),
    path("studio/<slug:slug>/items/sort/", studio.sort_items, name="studio-sort-items"),
    path("studio/<slug:slug>/pin/", studio.pin, name="studio-pin"),
    path("studio/<slug:slug>/chat/", studio.chat, name="studio-chat"),
    path("studio/<slug:slug>/selection/", studio.selection_list, name="studio-selection"),
    path("studio/<slug:slug>/numbers/", studio.numbers_now, name="studio-numbers"),
]
