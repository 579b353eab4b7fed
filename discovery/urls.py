from django.urls import path

from discovery import views

urlpatterns = [path("", views.feed_page, name="feed")]
