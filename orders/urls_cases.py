from django.urls import path

from orders import views_cases

app_name = "supplier_cases"

urlpatterns = [
    path("", views_cases.index, name="list"),
    path("<str:number>/", views_cases.detail, name="detail"),
    path("<str:number>/approve/", views_cases.approve, name="approve"),
    path("<str:number>/reject/", views_cases.reject, name="reject"),
    path("<str:number>/note/", views_cases.note, name="note"),
]
