from django.urls import path

from orders import views_studio

app_name = "studio_orders"

urlpatterns = [path("", views_studio.sold, name="list")]
