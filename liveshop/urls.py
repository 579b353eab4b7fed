"""The map of the site. Each app keeps its own routes."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from catalog.views import media
from core import health
from liveshop.api import api

urlpatterns = [
    path("favicon.ico", RedirectView.as_view(url="/favicon.svg")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("me/", include("accounts.urls")),
    path("", include("insights.urls")),
    path("supplier/cases/", include("orders.urls_cases")),
    path("staff/payments/findings/", include("orders.urls_staff")),
    path("studio/orders/", include("orders.urls_studio")),
    path("supplier/offers/", include("catalog.urls_supplier")),
    path("supplier/", include("supply.urls")),
    path("goods/", include("catalog.urls")),
    path("orders/", include("orders.urls")),
    path("agency/", include("insights.urls_agency")),
    path("", include("rooms.urls")),
    path("", include("discovery.urls")),
    re_path(rf"^{settings.MEDIA_URL.lstrip('/')}(?P<path>.+)$", media, name="media"),
]
