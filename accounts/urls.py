from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.profile, name="profile"),
    path("language/", views.language, name="language"),
    path("addresses/", views.addresses, name="addresses"),
    path("addresses/add/", views.edit_address, name="add_address"),
    path("addresses/<int:pk>/", views.edit_address, name="edit_address"),
    path("addresses/<int:pk>/default/", views.default_address, name="default_address"),
    path("addresses/<int:pk>/delete/", views.delete_address, name="delete_address"),
    path("follow/<str:username>/", views.follow, name="follow"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
]
