from django.urls import path

from orders import views

app_name = "orders"

urlpatterns = [
    path("", views.index, name="list"),
    path("buy/", views.buy, name="buy"),
    path("pay/<slug:ref>/", views.sandbox_pay, name="sandbox_pay"),
    path("lines/<int:line_id>/claim/", views.claim, name="claim"),
    path("cases/<str:number>/", views.case, name="case"),
    path("cases/<str:number>/withdraw/", views.case_withdraw, name="case_withdraw"),
    path("cases/<str:number>/dispatch/", views.case_dispatch, name="case_dispatch"),
    path("cases/<str:number>/escalate/", views.case_escalate, name="case_escalate"),
    path("cases/<str:number>/note/", views.case_note, name="case_note"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/pay/", views.pay, name="pay"),
    path("<str:number>/cancel/", views.cancel, name="cancel"),
    path("<str:number>/ship-now/", views.ship_now, name="ship_now"),
    path("<str:number>/confirm/", views.confirm, name="confirm"),
]
