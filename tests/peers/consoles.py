"""Four applications that know nothing of the gateway, used in a browser after a real sign-in."""

import hashlib
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

import install
from browser import Browser, NEXT
from gateway import PASSWORD, Gateway, Service, free_port
from install import HERE, ROOT
from table import hold

CONSOLES = ROOT / "config" / "consoles"
APPS = HERE / "apps"


def run(table, world, chosen):
    for name, group in (("django", django_admin), ("oscar", oscar), ("jupyter", jupyter), ("static", static_site)):
        if name in chosen:
            with tempfile.TemporaryDirectory(prefix="sekisho-console-") as directory:
                group(table, world, Path(directory))


def fetch(gateway, method, target, headers=(), body=None):
    """One request with exactly these header lines."""
    line = http.client.HTTPSConnection("localhost", gateway.port, context=gateway.authority.context(), timeout=30)
    line.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers:
        line.putheader(name, value)
    if body is not None:
        line.putheader("Content-Length", str(len(body)))
    line.endheaders(body)
    answer = line.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def django_service(project, directory, *prepare):
    """A Django project under gunicorn, which is told to take `_` for `-`, as older servers do."""
    commands = install.environment("django")
    project = APPS / project
    environment = {
        "PEER_DIRECTORY": str(directory),
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": os.pathsep.join(map(str, (project, APPS, CONSOLES))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for step in prepare:
        arguments = [commands / "python", *step]
        done = subprocess.run(
            arguments, cwd=project, env={**os.environ, **environment}, capture_output=True, text=True, timeout=180, check=False
        )
        hold(done.returncode == 0, done.stderr[-1500:])
    port = free_port()
    gunicorn = [commands / "gunicorn", "wsgi:application", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
    gunicorn += ["--header-map", "dangerous", "--access-logfile", "-", "--worker-tmp-dir", str(directory)]
    return Service(gunicorn, directory, port, environment, name=project.name), port


def django_admin(table, world, directory):
    prepare = [["-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]]
    state = {}

    def set_up():
        state["service"], port = django_service("django_admin", directory, *prepare)
        state["gateway"] = Gateway(world.authority, CONSOLES / "django-admin.toml", port, world.people.directory)
        state["browser"] = Browser(state["gateway"], world.people)

    try:
        if not table.case("django-start", "Django admin starts behind its example configuration", set_up, 600):
            return
        gateway, browser = state["gateway"], state["browser"]
        add = "/admin/shop/product/add/"

        def sign_in():
            browser.sign_in("hanako", "/admin/")
            hold("HANAKO" in browser.text.upper() and "Products" in browser.text, browser.text)

        def change():
            browser.open(add)
            browser.fill("[name=name]", "煎茶 100g <b>")
            browser.fill("[name=price]", "1200")
            browser.press("[name=_save]")
            hold("was added successfully" in browser.text, browser.text)
            browser.press("#result_list tbody tr th a")
            browser.fill("[name=price]", "1300")
            browser.press("[name=_save]")
            hold("was changed successfully" in browser.text, browser.text)
            browser.press("#result_list tbody tr th a")
            hold(browser.find("[name=price]").get_attribute("value") == "1300")
            browser.press("a.deletelink")
            browser.press("#content form [type=submit]")
            hold("was deleted successfully" in browser.text and "煎茶" in browser.text, browser.text)

        def forged_form():
            cookies = browser.cookies()
            body = b"name=forged&price=1&_save=Save"
            form = ("Content-Type", "application/x-www-form-urlencoded")
            status, _, page = fetch(gateway, "POST", add, [("Cookie", cookies), form, ("Origin", gateway.url)], body)
            hold(status == 403 and b"CSRF" in page, f"{status} {page[:200]}")

        def fresh_code():
            browser.open("/admin/auth/group/add/")
            hold(browser.place == "/admin/auth/group/add/", f"a code of this sign-in is fresh: {browser.place}")

        def forged_names():
            browser.open("/told")
            cookie = ("Cookie", browser.cookies())
            spellings = ["X-Sekisho-User", "X_Sekisho_User", "x_sekisho-user", "X-SEKISHO_USER", "X.Sekisho.User"]
            spellings += ["X-Sekisho-Groups", "X_Sekisho_Groups", "X_Forwarded_For", "X_Forwarded_Proto"]
            reached = []
            for name in [*spellings, "Remote-User", "REMOTE_USER", "Remote_User", "HTTP_X_SEKISHO_USER"]:
                status, _, page = fetch(gateway, "GET", "/told", [cookie, (name, "admin")])
                hold(status in (200, 400), f"{name}: {status}")
                if status == 200:
                    told = json.loads(page)
                    hold(told["user"] == "hanako", f"{name}: {told}")
                    wrong = [key for key, value in told["meta"].items() if "admin" in value and name in spellings]
                    hold(not wrong, f"{name}: {told}")
                    reached += [key for key, value in told["meta"].items() if value == "admin"]
                status, _, page = fetch(gateway, "GET", "/told", [(name, "hanako"), ("Accept", "application/json")])
                hold(status in (400, 401), f"{name} without a session: {status} {page[:200]}")
            return f"not the gateway's own, so passed on: {', '.join(sorted(set(reached))) or 'none'}"

        def expired_form():
            browser.open(add)
            browser.fill("[name=name]", "玉露 50g & more")
            browser.fill("[name=price]", "2400")
            browser.fill("[name=note]", "line one\nline two = ％")
            gateway.command("session", "end", "--account", "hanako", "--all")
            browser.press("[name=_save]")
            browser.password("hanako")
            hold("玉露" in browser.text, f"the kept form is shown: {browser.place}\n{browser.text}")
            browser.press(NEXT)
            hold("was added successfully" in browser.text and "玉露 50g & more" in browser.text, browser.text)
            browser.press("#result_list tbody tr th a")
            note = browser.find("[name=note]").get_attribute("value")
            hold(note == "line one\nline two = ％", repr(note))

        def signed_out():
            browser.open("/admin/")
            browser.press("#logout-form button")
            hold("Thanks for spending" in browser.text, f"Django's own page of it: {browser.place} {browser.text}")
            browser.open("/admin/")
            hold(browser.place.startswith("/.sekisho/sign-in"), browser.place)
            status, _, _ = fetch(gateway, "GET", "/told", [("Cookie", browser.cookies())])
            hold(status in (303, 401), str(status))

        def somebody_else():
            browser.open("/told")
            browser.password("taro")
            browser.code("taro")
            hold('"user": "taro"' in browser.text, browser.text)
            browser.open("/admin/")
            hold(browser.place.startswith("/.sekisho/not-recognised"), f"{browser.place}: {browser.text[:300]}")

        table.case("django-sign-in", "password and code lead to the page asked for; Django knows who it is", sign_in)
        table.case("django-change", "an object is created, changed and deleted, with Django's CSRF tokens", change)
        table.case("django-csrf", "a form without its token is refused by Django itself", forged_form)
        table.case("django-fresh", "permissions ask for a fresh code, which a sign-in just gave", fresh_code)
        table.case("django-forged-names", "no spelling of an identity header reaches Django from outside", forged_names)
        table.case("django-expired-form", "a form whose session ended is kept, shown and sent again", expired_form)
        table.case("django-sign-out", "Django's own log-out ends the gateway's session", signed_out)
        table.case("django-somebody-else", "another account on the same browser is somebody else to Django", somebody_else)
    finally:
        for piece in ("browser", "gateway", "service"):
            if piece in state:
                state[piece].__exit__(None, None, None)


def oscar(table, world, directory):
    state = {}

    def set_up():
        state["service"], port = django_service("oscar", directory, ["seed.py"])
        state["gateway"] = Gateway(world.authority, CONSOLES / "oscar-dashboard.toml", port, world.people.directory)
        state["browser"] = Browser(state["gateway"], world.people)

    try:
        if not table.case("oscar-start", "django-oscar starts behind its example configuration", set_up, 600):
            return
        gateway, browser = state["gateway"], state["browser"]
        picture = directory / "tea.png"
        picture.write_bytes(png(900, 700))

        def sign_in():
            browser.sign_in("hanako", "/dashboard/")
            hold("Dashboard" in browser.text, browser.text)

        def new_product(title, before_saving=lambda: None):
            browser.open("/dashboard/catalogue/")
            browser.find("[name=product_class]")
            browser.driver.execute_script("document.querySelector('[name=product_class]').selectedIndex = 1")
            browser.press("form.form-inline [type=submit], form:has([name=product_class]) [type=submit]")
            browser.fill("[name=title]", title)
            browser.driver.execute_script(
                "document.querySelector('[name=\"productcategory_set-0-category\"]').selectedIndex = 1"
            )
            [upload] = browser.all("[name=images-0-original]")
            browser.driver.execute_script("arguments[0].closest('.tab-pane')?.classList.add('active', 'show')", upload)
            upload.send_keys(str(picture))
            before_saving()
            browser.press("button[name=action][value=save]")

        def stored():
            return [f for f in (directory / "media").rglob("*") if f.is_file() and f.read_bytes() == picture.read_bytes()]

        def create():
            new_product("宇治抹茶 30g")
            hold("宇治抹茶" in browser.text, browser.text[:1500])
            hold(stored(), "the picture is there, byte for byte")
            return f"a picture of {picture.stat().st_size} bytes"

        def public_picture():
            place = "/media/" + str(stored()[0].relative_to(directory / "media"))
            status, _, body = fetch(gateway, "GET", place)
            hold(status == 200 and body == picture.read_bytes(), f"{place}: {status}")

        def orders():
            browser.open("/dashboard/orders/")
            hold("100042" in browser.text, browser.text[:1500])
            browser.open("/dashboard/orders/?order_number=100042&status=")
            hold("100042" in browser.text, browser.text[:1500])

        def expired_upload():
            earlier = len(stored())
            new_product(
                "ほうじ茶 80g", lambda: gateway.command("session", "end", "--account", "hanako", "--all")
            )
            browser.password("hanako")
            hold("ほうじ茶" in browser.text, f"{browser.place}: {browser.text[:800]}")
            browser.press(NEXT)
            browser.open("/dashboard/catalogue/")
            hold("ほうじ茶" in browser.text, browser.text[:800])
            hold(len(stored()) == earlier + 1, "the picture came through the kept form, byte for byte")

        def signed_out():
            browser.open("/dashboard/")
            browser.driver.execute_script("document.querySelector('#logout_form').closest('.dropdown-menu')?.classList.add('show')")
            browser.press("#logout_form [type=submit]")
            hold(browser.place.startswith("/.sekisho/sign-in"), browser.place)
            browser.open("/dashboard/")
            hold(browser.place.startswith("/.sekisho/sign-in"), browser.place)

        table.case("oscar-sign-in", "a seller reaches the dashboard by password and code", sign_in)
        table.case("oscar-product", "a product with a picture is created", create)
        table.case("oscar-picture", "the picture is public and unchanged", public_picture)
        table.case("oscar-orders", "the orders are listed and searched", orders)
        table.case("oscar-expired-upload", "an upload whose session ended is kept and sent again", expired_upload)
        table.case("oscar-sign-out", "the dashboard's own log-out ends the gateway's session", signed_out)
    finally:
        for piece in ("browser", "gateway", "service"):
            if piece in state:
                state[piece].__exit__(None, None, None)


def png(width, height):
    """A picture that does not compress, without a library."""
    import struct
    import zlib

    noise = random.Random(7)
    rows = b"".join(b"\0" + noise.randbytes(width * 3) for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def jupyter(table, world, directory):
    state = {}

    def set_up():
        commands = install.environment("jupyter")
        port = free_port()
        private = {name: str(directory / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
        arguments = [commands / "jupyter-lab", "--config", CONSOLES / "jupyter_server_config.py", "--port", str(port)]
        arguments += ["--ServerApp.port_retries=0", "--allow-root", f"--ServerApp.root_dir={directory}"]
        arguments += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"]
        path = f"{commands}{os.pathsep}{os.environ['PATH']}"
        state["service"] = Service(arguments, directory, port, {**private, "PATH": path}, name="jupyter")
        state["gateway"] = Gateway(world.authority, CONSOLES / "jupyterlab.toml", port, world.people.directory)
        state["browser"] = Browser(state["gateway"], world.people)

    try:
        if not table.case("jupyter-start", "JupyterLab starts behind its example configuration", set_up, 600):
            return
        gateway, browser = state["gateway"], state["browser"]

        def sign_in():
            browser.sign_in("hanako", "/api/me")
            hold('"username": "hanako"' in browser.text, browser.text)

        def cell():
            browser.open("/lab?reset")
            browser.find(".jp-LauncherCard[data-category=Notebook]", 60).click()
            editor = browser.find(".jp-Notebook .jp-Cell .cm-content", 60)
            browser.eventually("idle kernel", lambda: "Python 3 (ipykernel) | Idle" in browser.text, 60)
            editor.send_keys("1+1")
            browser.find('[data-jp-item-name="run"] jp-button, [data-command="notebook:run-cell-and-select-next"]').click()
            browser.eventually(
                "2",
                lambda: any(output.text.strip() == "2" for output in browser.all(".jp-OutputArea-output")),
                60,
            )

        def kernel(code):
            """Runs code in the kernel, over a WebSocket of the page; what it prints."""
            return browser.script(
                """
                const [code, done] = arguments;
                (async () => {
                  const kernels = await (await fetch('/api/kernels')).json();
                  const socket = new WebSocket(`wss://${location.host}/api/kernels/${kernels[0].id}/channels`);
                  const header = { msg_id: crypto.randomUUID(), msg_type: 'execute_request', session: 'peer', username: '', version: '5.3', date: '' };
                  let printed = '';
                  socket.onopen = () => socket.send(JSON.stringify({ channel: 'shell', header, parent_header: {}, metadata: {}, buffers: [],
                    content: { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false } }));
                  socket.onmessage = (event) => {
                    if (typeof event.data !== 'string') return;
                    const message = JSON.parse(event.data);
                    if (message.parent_header.msg_id !== header.msg_id) return;
                    if (message.msg_type === 'stream') printed += message.content.text;
                    if (message.msg_type === 'execute_reply') setTimeout(() => { socket.close(); done(printed); }, 500);
                  };
                  socket.onclose = (event) => done(`closed ${event.code} ${printed.length}`);
                })().catch((error) => done(String(error)));
                """,
                code,
            )

        def large_output():
            printed = kernel("print('あ' * 200_000)")
            hold(printed.strip() == "あ" * 200_000, f"{len(printed)} characters: {printed[:100]}")

        def large_file():
            script = """
                const done = arguments[arguments.length - 1];
                (async () => {
                  const token = document.cookie.match(/_xsrf=([^;]*)/)[1];
                  const content = 'é0123456789abcdef'.repeat(1 << 19);
                  const put = await fetch('/api/contents/large.txt', { method: 'PUT', headers: { 'X-XSRFToken': token },
                    body: JSON.stringify({ type: 'file', format: 'text', content }) });
                  const back = await (await fetch('/api/contents/large.txt?content=1')).json();
                  done([put.status, back.content === content, content.length]);
                })().catch((error) => done([String(error)]));
            """
            status, same, length = browser.script(script)
            hold(status == 201 and same, f"{status} {same}")
            return f"{length} characters up and down"

        def ended():
            closed = browser.driver.execute_script(
                """
                window.closed_with = null;
                return (async () => {
                  const kernels = await (await fetch('/api/kernels')).json();
                  const socket = new WebSocket(`wss://${location.host}/api/kernels/${kernels[0].id}/channels`);
                  socket.onclose = (event) => { window.closed_with = event.code; };
                  await new Promise((opened) => { socket.onopen = opened; });
                  return 'open';
                })();
                """
            )
            hold(closed == "open", closed)
            gateway.command("session", "end", "--account", "hanako", "--all")
            code = browser.eventually("end", lambda: browser.driver.execute_script("return window.closed_with"), 10)
            status = browser.script(
                "const done = arguments[0]; fetch('/api/kernels').then((answer) => done(answer.status), (e) => done(String(e)))"
            )
            hold(status == 401, str(status))
            return f"closed with {code}"

        def signed_out():
            browser.open("/lab")
            browser.password("hanako")
            browser.open("/logout")
            hold("Successfully logged out" in browser.text, f"{browser.place}: {browser.text[:300]}")
            browser.open("/lab")
            hold(browser.place.startswith("/.sekisho/sign-in"), browser.place)

        table.case("jupyter-sign-in", "Jupyter knows who it is from the header", sign_in)
        table.case("jupyter-cell", "a notebook's kernel computes 1+1", cell, 180)
        table.case("jupyter-large-output", "600 kB come over the kernel's WebSocket", large_output)
        table.case("jupyter-large-file", "a file of 17 MB is saved and read", large_file)
        table.case("jupyter-ended", "the end of the session closes the kernel's WebSocket", ended)
        table.case("jupyter-sign-out", "Jupyter's own log-out ends the gateway's session", signed_out)
    finally:
        for piece in ("browser", "gateway", "service"):
            if piece in state:
                state[piece].__exit__(None, None, None)


NGINX = """daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; types {{ text/html html; }} default_type application/octet-stream;
  client_body_temp_path {directory}/b; proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  server {{ listen 127.0.0.1:{port}; root {directory}/site; }}
}}
"""


def static_site(table, world, directory):
    state = {}
    wanted = {}

    def set_up():
        noise = random.Random(11)
        site = directory / "site"
        site.mkdir()
        (site / "index.html").write_text("<!doctype html><title>files</title><p>files")
        for number in range(1000):
            content = noise.randbytes(noise.choice((0, 1, 100, 4_096, 65_535, 65_536, 200_000)))
            (site / f"{number}.bin").write_bytes(content)
            wanted[f"/{number}.bin"] = hashlib.sha256(content).hexdigest()
        (site / "large.bin").write_bytes(noise.randbytes(1 << 20) * 64)
        port = free_port()
        (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port))
        # Its workers may not be who owns the directory.
        directory.chmod(0o755)
        arguments = [install.command("nginx", "nginx"), "-p", directory, "-c", directory / "nginx.conf"]
        state["service"] = Service(arguments, directory, port, name="nginx")
        state["gateway"] = Gateway(world.authority, CONSOLES / "static-site.toml", port, world.people.directory)
        state["browser"] = Browser(state["gateway"], world.people)

    try:
        if not table.case("static-start", "a site of 1,000 files starts behind its example configuration", set_up):
            return
        gateway, browser = state["gateway"], state["browser"]

        def downloads():
            browser.sign_in("hanako", "/")
            script = """
                const [names, done] = arguments;
                const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
                const one = async (name) => {
                  const answer = await fetch(name, { cache: 'no-store' });
                  return [name, answer.status, hex(await crypto.subtle.digest('SHA-256', await answer.arrayBuffer()))];
                };
                Promise.all(names.map(one)).then(done, (error) => done(String(error)));
            """
            got = browser.script(script, list(wanted))
            hold(isinstance(got, list), got)
            wrong = [row for row in got if row[1] != 200 or row[2] != wanted[row[0]]]
            hold(len(got) == 1000 and not wrong, f"{len(got)} answers, wrong: {wrong[:3]}")

        def by_http1():
            from concurrent.futures import ThreadPoolExecutor

            cookie = ("Cookie", browser.cookies())

            def one(name):
                status, _, body = fetch(gateway, "GET", name, [cookie])
                return status == 200 and hashlib.sha256(body).hexdigest() == wanted[name]

            with ThreadPoolExecutor(100) as pool:
                good = sum(pool.map(one, wanted))
            hold(good == 1000, f"{good} of 1000")

        def ranges():
            cookie = ("Cookie", browser.cookies())
            whole = (directory / "site" / "large.bin").read_bytes()
            status, fields, body = fetch(gateway, "GET", "/large.bin", [cookie])
            hold(status == 200 and body == whole, str(status))
            status, fields, body = fetch(gateway, "GET", "/large.bin", [cookie, ("Range", "bytes=1000000-1999999")])
            hold(status == 206 and body == whole[1000000:2000000], f"{status} {fields}")
            status, fields, body = fetch(gateway, "HEAD", "/large.bin", [cookie])
            length = {name.lower(): value for name, value in fields.items()}["content-length"]
            hold(status == 200 and body == b"" and length == str(len(whole)), f"{status} {length}")

        def writing():
            status, _, _ = fetch(gateway, "POST", "/0.bin", [("Cookie", browser.cookies())], b"x")
            hold(status == 403, str(status))
            status, _, _ = fetch(gateway, "GET", "/0.bin", [("Accept", "application/json")])
            hold(status == 401, str(status))

        table.case("static-downloads", "1,000 parallel downloads in the browser, each with its hash", downloads)
        table.case("static-http1", "the same 1,000 on 100 HTTP/1.1 connections at a time", by_http1)
        table.case("static-ranges", "64 MiB whole, a range of it, and HEAD", ranges)
        table.case("static-refused", "what no rule allows is refused", writing)
    finally:
        for piece in ("browser", "gateway", "service"):
            if piece in state:
                state[piece].__exit__(None, None, None)
