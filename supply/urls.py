from django.urls import path

from supply import views

app_name = "supplier"

urlpatterns = [
    path("", views.desk, name="desk"),
    path("apply/", views.apply, name="apply"),
    path("switch/", views.switch, name="switch"),
    path("submit/", views.submit, name="submit"),
    path("stock/", views.stock, name="stock"),
    path("stock/<int:offer_id>/", views.set_stock, name="set_stock"),
    path("purchase-orders/", views.purchase_orders, name="purchase_orders"),
    path("purchase-orders/<str:number>/", views.purchase_order, name="purchase_order"),
    path("purchase-orders/<str:number>/ship/", views.ship, name="ship"),
    path(
        "purchase-orders/<str:number>/delivered/<int:shipment_id>/",
        views.delivered,
        name="delivered",
    ),
    path("returns/", views.returns, name="returns"),
    path("returns/<int:parcel_id>/", views.return_parcel, name="return"),
    path("returns/<int:parcel_id>/receive/", views.receive, name="receive"),
    path("returns/<int:parcel_id>/inspect/", views.inspect, name="inspect"),
]
