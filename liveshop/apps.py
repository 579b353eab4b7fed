from django.apps import AppConfig


class LiveshopConfig(AppConfig):
    name = "liveshop"
    verbose_name = "Liveshop"

    def ready(self) -> None:
        from core import logs
        from liveshop import celery  # noqa: F401  (tasks are sent from every process)

        logs.configure()
