from django.urls import path

from orders import views_findings

app_name = "payment_findings"

urlpatterns = [
    path("", views_findings.index, name="list"),
    path("<int:finding_id>/close/", views_findings.close, name="close"),
    path("<int:finding_id>/ask/", views_findings.ask, name="ask"),
]
