from django.apps import apps
from django.conf.urls.static import static  # noqa: F401
from django.urls import include, path

urlpatterns = [path("", include(apps.get_app_config("oscar").urls[0]))]
