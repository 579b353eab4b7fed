"""The supplier's goods, below /supplier/offers/."""

from django.urls import path

from catalog import views_supplier as views

app_name = "supplier_offers"

urlpatterns = [
    path("", views.index, name="list"),
    path("new/", views.create, name="new"),
    path("row/", views.row, name="row"),
    path("<int:offer_id>/", views.edit, name="edit"),
    path("<int:offer_id>/off/", views.take_off, name="take_off"),
    path("<int:offer_id>/pictures/", views.add_pictures, name="add_pictures"),
    path("<int:offer_id>/pictures/<int:picture_id>/", views.change_picture, name="picture"),
]
