from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from rooms import handlers  # noqa: F401

        # Whoever fires deadlines needs what these modules do at a time-out.
        from rooms.actions import reports, standing  # noqa: F401
