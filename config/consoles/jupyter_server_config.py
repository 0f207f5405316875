"""JupyterLab behind the gateway: whoever the gateway names is signed in. It must be reachable through the gateway only."""

from urllib.parse import unquote

from jupyter_server.auth import IdentityProvider, User


class SekishoIdentityProvider(IdentityProvider):
    token = ""  # no sign-in of its own

    async def get_user(self, handler):
        name = handler.request.headers.get("X-Sekisho-User")
        return User(username=unquote(name)) if name else None

    @property
    def auth_enabled(self):
        return True

    @property
    def login_available(self):
        return True  # shows "Log Out" in the File menu: the gateway ends its own session there


c = get_config()  # noqa: F821
c.ServerApp.identity_provider_class = SekishoIdentityProvider
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.allow_remote_access = True  # the host name is the gateway's
c.ServerApp.trust_xheaders = True  # https, as X-Forwarded-Proto says
c.ServerApp.open_browser = False
