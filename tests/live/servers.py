"""Debian's Go servers, stripped as they ship: unpacked without installing them, run, and kept at work."""
import base64
import json
import os
import pathlib
import random
import socket
import subprocess
import threading
import time
import urllib.request

READY_LIMIT = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url, data=None):
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:
        return answer.read()


class Server:
    packages = ()
    binary = ""
    environment = {}
    typed = 0.5  # at least; package variables that are maps have no type in stripped programs before 1.24

    def __init__(self, root, directory):
        self.root, self.directory, self.port = root, directory, free_port()
        self.url = "http://127.0.0.1:%d" % self.port

    def prepare(self):
        """Writes what it needs to run."""

    def arguments(self):
        raise NotImplementedError

    def visit(self):
        """One piece of work; also tells when it is ready."""
        raise NotImplementedError


class Prometheus(Server):
    typed = 0.9
    packages, binary = ("prometheus",), "usr/bin/prometheus"
    paths = ("/metrics", "/api/v1/query?query=up", "/api/v1/labels", "/api/v1/status/tsdb")

    def prepare(self):
        (self.directory / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\n"
            "scrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:%d']}]}]\n" % self.port)

    def arguments(self):
        return ["--config.file=prometheus.yml", "--storage.tsdb.path=data",
                "--web.listen-address=127.0.0.1:%d" % self.port]

    def visit(self):
        get(self.url + random.choice(self.paths))


class Etcd(Server):
    typed = 0.9
    packages, binary = ("etcd-server",), "usr/bin/etcd"

    def arguments(self):
        peers = "http://127.0.0.1:%d" % free_port()
        return ["--data-dir=data", "--listen-client-urls=" + self.url, "--advertise-client-urls=" + self.url,
                "--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers,
                "--initial-cluster=default=" + peers]

    def visit(self):
        key = base64.b64encode(b"key %d" % random.randrange(5000)).decode()
        value = base64.b64encode(os.urandom(random.randrange(100, 1000))).decode()
        get(self.url + "/v3/kv/put", json.dumps({"key": key, "value": value}).encode())
        get(self.url + "/v3/kv/range", json.dumps({"key": key}).encode())


class Caddy(Server):
    packages, binary = ("caddy",), "usr/bin/caddy"

    def prepare(self):
        (self.directory / "Caddyfile").write_text(
            "{\n admin off\n auto_https off\n}\n:%d {\n root * /usr/share/doc\n encode gzip\n"
            " file_server browse\n}\n" % self.port)

    def arguments(self):
        return ["run", "--config", "Caddyfile"]

    def visit(self):
        get(self.url + random.choice(["/", "/bash/", "/apt/", "/coreutils/"]))


class Syncthing(Server):
    packages, binary = ("syncthing",), "usr/bin/syncthing"
    environment = {"STMONITORED": "yes"}  # one process, not two

    def arguments(self):
        return ["serve", "--no-browser", "--no-restart", "--no-upgrade", "--home=home",
                "--gui-address=127.0.0.1:%d" % self.port]

    def visit(self):
        get(self.url + random.choice(["/", "/rest/noauth/health"]))


class Nats(Server):
    packages, binary = ("nats-server",), "usr/sbin/nats-server"

    def arguments(self):
        return ["-a", "127.0.0.1", "-p", str(self.port)]

    def visit(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"CONNECT {\"verbose\":false}\r\nSUB topic.* 1\r\n")
            for i in range(50):
                connection.sendall(b"PUB topic.%d 5\r\nhello\r\n" % i)
            connection.sendall(b"PING\r\n")
            assert connection.recv(4096)


class Hugo(Server):
    packages, binary = ("hugo", "libsass1", "libwebp7"), "usr/bin/hugo"

    def prepare(self):
        for path, text in (("config.toml", 'baseURL = "/"\ntitle = "silt"\n'),
                           ("layouts/index.html", "{{ range .Site.RegularPages }}{{ .Title }} {{ end }}"),
                           ("layouts/_default/single.html", "{{ .Content }}")):
            (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
            (self.directory / path).write_text(text)
        for i in range(300):
            page = self.directory / ("content/posts/page%d.md" % i)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("---\ntitle: page %d\n---\n%s\n" % (i, "*some* words " * 50))

    def arguments(self):
        return ["server", "--bind", "127.0.0.1", "--port", str(self.port)]

    def visit(self):
        get(self.url + random.choice(["/", "/posts/page%d/" % random.randrange(300)]))


SERVERS = {kind.__name__.lower(): kind for kind in (Prometheus, Etcd, Caddy, Syncthing, Nats, Hugo)}


def unpack(packages, into):
    """Debian's packages, into a directory; an error of apt says which cannot be had."""
    into.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=into, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for package in into.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, into], check=True)


class Running:
    """A server at work, as long as the `with` lasts."""

    def __init__(self, kind, root, directory):
        self.server, self.process, self.at_work = kind(root, directory), None, None
        self.root, self.directory, self.visits = root, directory, 0

    def __enter__(self):
        self.server.prepare()
        libraries = str(self.root / "usr/lib/x86_64-linux-gnu")
        self.process = subprocess.Popen(
            [str(self.root / self.server.binary), *self.server.arguments()], cwd=self.directory,
            env=dict(os.environ, LD_LIBRARY_PATH=libraries, HOME=str(self.directory), **self.server.environment),
            stdout=subprocess.DEVNULL, stderr=open(self.directory / "log", "w"))
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_LIMIT
        while True:
            try:
                return self.server.visit()
            except (OSError, AssertionError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.__exit__()
                    raise RuntimeError((self.directory / "log").read_text()[-2000:])
                time.sleep(0.2)

    def start_work(self):
        self.at_work = threading.Event()
        for _ in range(2):
            threading.Thread(target=self.work, args=(self.at_work,), daemon=True).start()

    def work(self, stop):
        while not stop.is_set():
            try:
                self.server.visit()
                self.visits += 1
            except (OSError, AssertionError):
                time.sleep(0.05)

    def __exit__(self, *_):
        if self.at_work:
            self.at_work.set()
        self.process.kill()
        self.process.wait()
