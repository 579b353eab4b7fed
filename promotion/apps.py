from django.apps import AppConfig


class PromotionConfig(AppConfig):
    name = "promotion"
    verbose_name = "Promotion"

    def ready(self) -> None:
        from promotion import handlers  # noqa: F401 - registers them
