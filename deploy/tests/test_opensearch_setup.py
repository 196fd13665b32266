"""opensearch-setup.sh against a small server in the domain's place, and an `aws` that knows one stack."""

import base64
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

from stack import DEPLOY

ROLE = "arn:aws:iam::123456789012:role/sgflow-StreamRole"
# Characters that the template lets a password have and that shells and curl would take for their own.
PASSWORD = "a#B1{}[]()!&|;<>*?~%^=+,.:/@_-"


class Domain(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.puts.append((self.path, self.headers["Authorization"], json.loads(body)))
        refused = self.path == self.server.refuses
        self.send_response(403 if refused else 200)
        self.end_headers()
        self.wfile.write(b'{"error": "no permissions"}' if refused else b"{}")

    def log_message(self, *_):
        pass


class Setup(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Domain)
        self.server.puts, self.server.refuses = [], None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.template = self.folder / "template.json"
        self.template.write_text('{"index_patterns": ["sgflow-*"]}')
        secret = self.folder / "secret.json"
        secret.write_text(json.dumps({"username": "sgflow-admin", "password": PASSWORD}))
        aws = self.folder / "aws"
        aws.write_text(
            f"""#!/bin/sh
case "$*" in
    *get-secret-value*) cat '{secret}' ;;
    *DomainEndpoint*) echo http://127.0.0.1:{self.server.server_port} ;;
    *DomainPasswordArn*) echo arn:aws:secretsmanager:secret ;;
    *IndexPattern*) echo 'sgflow-flows*' ;;
    *StreamRoleArn*) echo {ROLE} ;;
esac
"""
        )
        aws.chmod(0o755)

    def run_script(self, *arguments):
        path = f"{self.folder}:{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(self.folder)}
        return subprocess.run(
            [DEPLOY / "opensearch-setup.sh", *arguments], env=environment, capture_output=True, text=True, timeout=60
        )

    def test_template_then_role_then_mapping(self):
        run = self.run_script("sgflow", self.template)
        self.assertEqual(run.returncode, 0, run.stderr)
        (template, role, mapping) = self.server.puts
        expected = "Basic " + base64.b64encode(f"sgflow-admin:{PASSWORD}".encode()).decode()
        self.assertEqual({put[1] for put in self.server.puts}, {expected})
        self.assertEqual(template[::2], ("/_index_template/sgflow", {"index_patterns": ["sgflow-*"]}))
        self.assertEqual(role[0], "/_plugins/_security/api/roles/sgflow-firehose")
        self.assertEqual(role[2]["index_permissions"][0]["index_patterns"], ["sgflow-flows*"])
        self.assertEqual(mapping[::2], ("/_plugins/_security/api/rolesmapping/sgflow-firehose", {"backend_roles": [ROLE]}))
        self.assertNotIn(PASSWORD, run.stdout + run.stderr)

    def test_nothing_is_opened_when_the_template_is_refused(self):
        self.server.refuses = "/_index_template/sgflow"
        run = self.run_script("sgflow", self.template)
        self.assertEqual(run.returncode, 1)
        self.assertIn("refused PUT _index_template/sgflow", run.stderr)
        self.assertEqual(len(self.server.puts), 1)

    def test_usage(self):
        self.assertEqual(self.run_script().returncode, 2)
        missing = self.run_script("sgflow", self.folder / "none.json")
        self.assertEqual((missing.returncode, self.server.puts), (1, []))


if __name__ == "__main__":
    unittest.main()
