"""What a Django project adds to let the gateway sign people in. Put this file beside settings.py, and there:

MIDDLEWARE              after AuthenticationMiddleware: "sekisho_django.SekishoUserMiddleware"
AUTHENTICATION_BACKENDS ["sekisho_django.SekishoUserBackend"]
SECURE_PROXY_SSL_HEADER ("HTTP_X_FORWARDED_PROTO", "https")
ALLOWED_HOSTS           the host of the gateway's public_url
SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE   True

The names and groups below are what one console means by them; change them to what yours means."""

from urllib.parse import unquote

from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.middleware import RemoteUserMiddleware


class SekishoUserMiddleware(RemoteUserMiddleware):
    header = "HTTP_X_SEKISHO_USER"

    def process_request(self, request):
        super().process_request(request)
        user = request.user
        if not user.is_authenticated:
            return
        groups = {unquote(group) for group in request.META.get("HTTP_X_SEKISHO_GROUPS", "").split(",")}
        staff = "staff" in groups
        if (user.is_staff, user.is_superuser) != (staff, staff):
            user.is_staff = user.is_superuser = staff
            user.save(update_fields=["is_staff", "is_superuser"])


class SekishoUserBackend(RemoteUserBackend):
    """Makes whoever comes for the first time; a console that does not want that sets `create_unknown_user = False`."""

    def clean_username(self, username):
        return unquote(username)

    def configure_user(self, request, user, created=True):
        email = unquote(request.META.get("HTTP_X_SEKISHO_EMAIL", ""))
        if user.email != email:
            user.email = email
            user.save(update_fields=["email"])
        return user
