from django.apps import AppConfig


class LiveshopConfig(AppConfig):
    name = "liveshop"
    verbose_name = "Liveshop"

    def ready(self) -> None:
        from core import logs

        logs.configure()
