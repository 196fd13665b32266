"""opensearch-setup.sh against a small server in the domain's place, and an `aws` that knows one stack."""

import base64
import http.server
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from stack import DEPLOY

ROLE = "arn:aws:iam::123456789012:role/sgflow-StreamRole"
# Characters that the template lets a password have and that shells and curl would take for their own.
PASSWORD = "a#B1{}[]()!&|;<>*?~%^=+,.:/@_-"
TEMPLATES = "/_index_template/"
POLICY = "/_plugins/_ism/policies/sgflow-daily"
IMPORT = "/_dashboards/api/saved_objects/_import?overwrite=true"
SCHEMAS = {"classic": "sgflow-flows", "ecs": "sgflow-ecs"}
# As Dashboards exports them: an index pattern, and a Vega panel whose specification is JSON inside JSON.
OBJECTS = (
    '{"attributes":{"title":"sgflow-flows*"},"id":"sgflow-classic-flows","type":"index-pattern"}\n'
    '{"attributes":{"visState":"{\\"spec\\":\\"{\\\\\\"index\\\\\\":\\\\\\"sgflow-flows*\\\\\\"}\\"}"},"id":"v","type":"visualization"}\n'
)


# What opensearch-setup.sh of the first version left on a domain, as far as it is in the way.
FIRST_TEMPLATE = {"index_patterns": ["sgflow-*"], "priority": 200}


class Domain(http.server.BaseHTTPRequestHandler):
    """Takes everything but what it is told to refuse, or what OpenSearch would: index templates are kept, and two of the same priority
    may not be for the same names. Remembers the ISM policy if it has one."""

    def do_GET(self):
        self.take()

    def do_PUT(self):
        self.take()

    def do_POST(self):
        self.take()

    def do_DELETE(self):
        self.take()

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = (self.command, self.path)
        self.server.requests.append((*request, body))
        self.server.authorizations.add(self.headers["Authorization"])
        if self.path == IMPORT:
            self.server.import_headers = {name: self.headers[name] for name in ["osd-xsrf", "securitytenant"]}
        status, answer = 200, self.server.answers.get(request, {})
        if request == self.server.refuses:
            status, answer = self.server.refuses_with, {"error": "no permissions"}
        elif request == ("GET", POLICY) and not answer:
            status = 404
        elif self.path.startswith(TEMPLATES):
            status, answer = self.template(self.path.removeprefix(TEMPLATES), body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def template(self, name, body):
        """Status and answer, in the form of OpenSearch 3.7."""
        templates = self.server.templates
        if self.command == "PUT":
            new = json.loads(body)
            for other, old in templates.items():
                if other != name and old["priority"] == new["priority"] and overlap(old["index_patterns"], new["index_patterns"]):
                    return 400, {"error": f"index template [{name}] has index patterns matching patterns from existing templates [{other}]"}
            templates[name] = new
        elif name not in templates:
            return 404, {"error": f"index template [{name}] missing"}
        elif self.command == "GET":
            return 200, {"index_templates": [{"name": name, "index_template": templates[name]}]}
        else:
            del templates[name]
        return 200, {"acknowledged": True}

    def log_message(self, *_):
        pass


def overlap(some, others):
    """Whether some name is in both lists of patterns, each of which ends in an asterisk and has no other."""
    pairs = itertools.product(some, others)
    return any(one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1]) for one, other in pairs)


class Setup(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Domain)
        self.server.requests, self.server.authorizations, self.server.templates = [], set(), {}
        self.server.refuses, self.server.refuses_with = None, 403
        self.server.answers = {("POST", IMPORT): {"success": True, "successCount": 2}}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        # A copy of the project as far as the script looks at it.
        (self.folder / "deploy").mkdir()
        self.script = shutil.copy(DEPLOY / "opensearch-setup.sh", self.folder / "deploy")
        self.dashboards = self.folder / "dashboards"
        self.dashboards.mkdir()
        for source in (DEPLOY.parent / "dashboards").glob("*.json"):
            shutil.copy(source, self.dashboards)
        (self.dashboards / "classic.ndjson").write_text(OBJECTS)
        (self.dashboards / "ecs.ndjson").write_text(OBJECTS.replace("flows", "ecs"))
        secret = self.folder / "secret.json"
        secret.write_text(json.dumps({"username": "sgflow-admin", "password": PASSWORD}))
        self.stack()

    def stack(self, schema="classic", pattern="sgflow-flows*"):
        aws = self.folder / "aws"
        aws.write_text(
            f"""#!/bin/sh
case "$*" in
    *get-secret-value*) cat '{self.folder}/secret.json' ;;
    *DomainEndpoint*) echo http://127.0.0.1:{self.server.server_port} ;;
    *DomainPasswordArn*) echo arn:aws:secretsmanager:secret ;;
    *IndexPattern*) echo '{pattern}' ;;
    *OutputSchema*) echo '{schema}' ;;
    *StreamRoleArn*) echo {ROLE} ;;
esac
"""
        )
        aws.chmod(0o755)

    def run_script(self, *arguments):
        path = f"{self.folder}:{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(self.folder)}
        return subprocess.run([self.script, *arguments], env=environment, capture_output=True, text=True, timeout=60)

    def asked(self):
        return [request[:2] for request in self.server.requests]

    def sent(self, path):
        (body,) = [body for method, to, body in self.server.requests if method in ["PUT", "POST"] and to == path]
        return body

    def test_everything_in_order(self):
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(
            self.asked(),
            [
                ("DELETE", "/_index_template/sgflow"),
                ("GET", "/_index_template/sgflow-ecs"),
                ("PUT", "/_index_template/sgflow-flows"),
                ("PUT", "/_index_template/sgflow-inventory"),
                ("GET", POLICY),
                ("PUT", POLICY),
                ("PUT", "/_plugins/_security/api/roles/sgflow-firehose"),
                ("PUT", "/_plugins/_security/api/rolesmapping/sgflow-firehose"),
                ("POST", IMPORT),
            ],
        )
        expected = "Basic " + base64.b64encode(f"sgflow-admin:{PASSWORD}".encode()).decode()
        self.assertEqual(self.server.authorizations, {expected})
        template = json.loads(self.sent("/_index_template/sgflow-flows"))
        self.assertEqual(template, self.read("index-template.json"))
        self.assertEqual(json.loads(self.sent("/_index_template/sgflow-inventory")), self.read("index-template-inventory.json"))
        role = json.loads(self.sent("/_plugins/_security/api/roles/sgflow-firehose"))
        self.assertEqual(role["index_permissions"][0]["index_patterns"], ["sgflow-flows*"])
        mapping = json.loads(self.sent("/_plugins/_security/api/rolesmapping/sgflow-firehose"))
        self.assertEqual(mapping, {"backend_roles": [ROLE]})
        self.assertEqual(self.server.import_headers, {"osd-xsrf": "true", "securitytenant": "global"})
        self.assertIn(OBJECTS, self.sent(IMPORT).decode())
        self.assertIn("2 saved objects", run.stderr)
        self.assertNotIn(PASSWORD, run.stdout + run.stderr)

    def read(self, name):
        return json.loads((self.dashboards / name).read_text())

    def test_a_stack_of_ecs_gets_what_belongs_to_it(self):
        self.stack("ecs", "sgflow-ecs*")
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(self.sent("/_index_template/sgflow-ecs")), self.read("index-template-ecs.json"))
        self.assertNotIn(("PUT", "/_index_template/sgflow-flows"), self.asked())
        self.assertIn(OBJECTS.replace("flows", "ecs"), self.sent(IMPORT).decode())

    def test_another_index_name_is_everywhere(self):
        self.stack("classic", "prod_net*")
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 0, run.stderr)
        template = json.loads(self.sent("/_index_template/sgflow-flows"))
        self.assertEqual(template, {**self.read("index-template.json"), "index_patterns": ["prod_net-*"]})
        policy = json.loads(self.sent(POLICY))["policy"]
        self.assertEqual(policy["ism_template"][0]["index_patterns"], ["prod_net-*"])
        objects = self.sent(IMPORT).decode()
        self.assertEqual((objects.count("prod_net*"), objects.count("sgflow-flows")), (2, 0))

    def test_no_panel_asks_the_indices_of_the_default_name(self):
        for schema, name in SCHEMAS.items():
            self.server.requests.clear()
            real = (DEPLOY.parent / "dashboards" / f"{schema}.ndjson").read_text(encoding="utf-8")
            (self.dashboards / f"{schema}.ndjson").write_text(real, encoding="utf-8")
            self.stack(schema, "prod_net*")
            run = self.run_script("sgflow")
            self.assertEqual(run.returncode, 0, run.stderr)
            form = self.sent(IMPORT).decode()
            self.assertNotIn(f"{name}*", form)
            objects = [json.loads(line) for line in form.splitlines() if line.startswith("{")]
            self.assertEqual(len(objects), len(real.splitlines()))
            titles = {one["attributes"]["title"] for one in objects if one.get("type") == "index-pattern"}
            self.assertEqual(titles, {"prod_net*", "sgflow-inventory*"})
            asked = [index for one in objects for index in indices_of_vega(one)]
            self.assertEqual(set(asked), {"prod_net*", "sgflow-inventory*"})
            self.assertEqual(asked.count("prod_net*"), sum(indices_of_vega(json.loads(line)).count(f"{name}*") for line in real.splitlines()))

    def test_the_template_of_the_first_version_makes_way(self):
        for schema, name in SCHEMAS.items():
            self.server.templates = {"sgflow": FIRST_TEMPLATE}
            self.stack(schema, f"{name}*")
            run = self.run_script("sgflow")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(set(self.server.templates), {name, "sgflow-inventory"})
            self.assertIn("DELETE _index_template/sgflow\n", run.stderr)

    def test_a_stack_may_change_its_schema(self):
        # With an index name of its own, of which one is the beginning of the other or not, and without one.
        both = {"sgflow-flows", "sgflow-ecs"}
        for before, after, left in [
            ("prod_net*", "prod_net*", {"sgflow-ecs"}),
            ("prod*", "prod-net*", {"sgflow-ecs"}),
            ("prod-net*", "prod*", {"sgflow-ecs"}),
            ("prod*", "prod_net*", both),
            ("sgflow-flows*", "sgflow-ecs*", both),
        ]:
            with self.subTest(before=before, after=after):
                self.server.templates = {}
                for schema, pattern in [("classic", before), ("ecs", after)]:
                    self.stack(schema, pattern)
                    run = self.run_script("sgflow")
                    self.assertEqual(run.returncode, 0, run.stderr)
                self.assertEqual(set(self.server.templates), left | {"sgflow-inventory"})

    def test_an_index_name_that_takes_in_the_inventory_is_refused(self):
        for index in ["", "s", "sg", "sgflow", "sgflow-", "sgflow-inventor", "sgflow-inventory", "sgflow-inventory-flows"]:
            self.stack("classic", f"{index}*")
            run = self.run_script("sgflow")
            self.assertEqual(run.returncode, 1, index)
            self.assertIn(f"IndexName {index} ", run.stderr)
        self.assertEqual(self.server.requests, [])
        self.stack("classic", "sgflow-in_flows*")
        self.assertEqual(self.run_script("sgflow").returncode, 0)

    def test_a_new_policy_deletes_after_thirty_days_or_as_asked(self):
        for arguments, days in [([], "30"), (["--delete-after", "365"], "365")]:
            self.server.requests.clear()
            self.assertEqual(self.run_script("sgflow", *arguments).returncode, 0)
            policy = json.loads(self.sent(POLICY))["policy"]
            (age,) = [transition["conditions"] for state in policy["states"] for transition in state["transitions"]]
            self.assertEqual(age, {"min_index_age": f"{days}d"})
            self.assertIn(f" {days} days", policy["description"])
            self.assertEqual(policy["ism_template"][0]["index_patterns"], ["sgflow-flows-*"])

    def test_a_policy_that_is_there_says_when_data_is_deleted(self):
        template = [{"index_patterns": ["sgflow-flows-*"], "priority": 100}]
        found = {"_id": "sgflow-daily", "_seq_no": 7, "_primary_term": 2, "policy": {"ism_template": template}}
        self.server.answers[("GET", POLICY)] = found
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn(("PUT", POLICY), self.asked())
        self.assertIn("stays as it is", run.stderr)
        self.assertNotIn("warning", run.stderr)
        # For other indices than the stack's it does nothing, and that is said.
        found["policy"]["ism_template"][0]["index_patterns"] = ["older-*"]
        self.assertIn("warning: it is not for sgflow-flows-*", self.run_script("sgflow").stderr)

        run = self.run_script("sgflow", "--delete-after", "90")
        self.assertEqual(run.returncode, 0, run.stderr)
        policy = json.loads(self.sent(POLICY + "?if_seq_no=7&if_primary_term=2"))["policy"]
        self.assertEqual(policy["states"][0]["transitions"][0]["conditions"], {"min_index_age": "90d"})

    def test_nothing_is_opened_when_something_before_it_is_refused(self):
        for refused in [
            ("DELETE", "/_index_template/sgflow"),
            ("GET", "/_index_template/sgflow-ecs"),
            ("PUT", "/_index_template/sgflow-flows"),
            ("GET", POLICY),
            ("PUT", POLICY),
        ]:
            self.server.requests.clear()
            self.server.refuses = refused
            run = self.run_script("sgflow")
            self.assertEqual(run.returncode, 1)
            self.assertIn(f"refused {refused[0]} {refused[1][1:]} with status 403:", run.stderr)
            self.assertIn("no permissions", run.stderr)
            self.assertEqual(self.asked()[-1], refused)

    def test_only_who_may_be_outside_is_asked_whether_he_is(self):
        self.server.refuses = ("PUT", "/_index_template/sgflow-flows")
        for status in [400, 401]:
            self.server.refuses_with = status
            run = self.run_script("sgflow")
            self.assertEqual(run.returncode, 1)
            self.assertIn(f"refused PUT _index_template/sgflow-flows with status {status}\n", run.stderr)
            self.assertIn("no permissions", run.stderr)
            self.assertNotIn("DashboardCidr", run.stderr)
        self.server.refuses_with = 403
        self.assertIn("DashboardCidr", self.run_script("sgflow").stderr)
        self.server.shutdown()
        self.server.server_close()
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 1)
        self.assertIn("no answer to DELETE _index_template/sgflow: is this machine inside DashboardCidr?", run.stderr)

    def test_objects_that_dashboards_does_not_take_are_told(self):
        self.server.answers[("POST", IMPORT)] = {"success": False, "successCount": 1, "errors": [{"id": "v", "error": {"type": "conflict"}}]}
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 1)
        self.assertIn('"type": "conflict"', run.stderr)

    def test_usage(self):
        for arguments in [[], ["--delete-after", "30"], ["sgflow", "--delete-after"], ["sgflow", "--delete-after", "0"], ["sgflow", "x"]]:
            self.assertEqual(self.run_script(*arguments).returncode, 2, arguments)
        (self.dashboards / "classic.ndjson").unlink()
        run = self.run_script("sgflow")
        self.assertEqual(run.returncode, 1)
        self.assertIn("classic.ndjson", run.stderr)
        self.stack("parquet")
        self.assertIn("unknown OutputSchema parquet", self.run_script("sgflow").stderr)
        self.stack(schema="")
        self.assertIn("has no output OutputSchema", self.run_script("sgflow").stderr)
        self.assertEqual(self.server.requests, [])

    def test_the_project_has_what_each_schema_needs(self):
        for schema, name in SCHEMAS.items():
            objects = DEPLOY.parent / "dashboards" / f"{schema}.ndjson"
            patterns = [json.loads(line).get("attributes", {}).get("title") for line in objects.read_text(encoding="utf-8").splitlines()]
            self.assertIn(f"{name}*", patterns)


def indices_of_vega(saved_object):
    """The index of each query in a Vega panel; none for another object."""
    state = json.loads(saved_object.get("attributes", {}).get("visState", "{}"))
    return re.findall(r'"index":\s*"([^"]*)"', state["params"]["spec"]) if state.get("type") == "vega" else []


if __name__ == "__main__":
    unittest.main()
