"""The administration site, and a page that says what the console was told."""

from django.contrib import admin
from django.http import JsonResponse
from django.urls import path


def told(request):
    words = ("USER", "SEKISHO", "EMAIL", "GROUPS", "FORWARDED", "REAL_IP")
    meta = {name: value for name, value in request.META.items() if any(word in name for word in words)}
    return JsonResponse({"user": request.user.get_username(), "meta": meta, "secure": request.is_secure()})


urlpatterns = [path("admin/", admin.site.urls), path("told", told)]
