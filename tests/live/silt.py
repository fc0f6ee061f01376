"""silt as a user runs it."""
import json
import subprocess


class Silt:
    def __init__(self, path):
        self.path = path

    def run(self, *arguments, **options):
        return subprocess.run([str(self.path), *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=300, **options)

    def json(self, command, target, *arguments, **options):
        done = self.run(command, target, "--json", *arguments, **options)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)
