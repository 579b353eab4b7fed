from django.urls import path

from catalog import views

app_name = "goods"

urlpatterns = [
    path("", views.index, name="list"),
    path("<slug:slug>/", views.detail, name="detail"),
]
