"""Pages that stand inside other floors' addresses; mounted before them."""

from django.urls import path

from insights import views

urlpatterns = [
    path("studio/earnings/", views.earnings, name="earnings"),
    path("supplier/statement/", views.supplier_statement, name="supplier_statement"),
]
