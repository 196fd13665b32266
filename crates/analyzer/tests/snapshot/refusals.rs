//! What AWS refuses, and what is done about it.

use crate::stage::{ROLE_A, ROLE_B, once, run, snapshot, stub_of_samples};
use serde_json::Value;
use servers::{Ec2World, Fault};
use std::fs;

#[test]
fn one_call_is_named_with_the_permission_and_the_rest_is_kept() {
    let stub = stub_of_samples();
    stub.fault("DescribeFlowLogs", Fault::AccessDenied);
    stub.fault("DescribeVpcs", Fault::Throttle { times: u32::MAX });
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("inventory.json");
    let ran = snapshot(&once(&stub), &out, &["--quiet"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("error: AWS refused DescribeFlowLogs (us-east-1)\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("  caused by: UnauthorizedOperation: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("  hint: allow ec2:DescribeFlowLogs\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("error: AWS refused DescribeVpcs (us-east-1)\n"), "{}", ran.stderr);
    let saved: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert!(saved.get("FlowLogs").is_none() && saved.get("Vpcs").is_none());
    assert_eq!(saved["NetworkInterfaces"].as_array().unwrap().len(), 11);
}

#[test]
fn one_account_of_two_is_kept() {
    let stub = stub_of_samples();
    stub.set_ec2_for(Some(ROLE_A), None, Ec2World::with_interfaces(2));
    stub.fault("AssumeRole", Fault::Times(1, Box::new(Fault::AccessDenied)));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("inventory.json");
    let ran = snapshot(&once(&stub), &out, &["--role-arn", ROLE_A, "--role-arn", ROLE_B]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("error: AWS refused AssumeRole (us-east-1, role "), "{}", ran.stderr);
    assert!(ran.stderr.contains("  hint: allow the caller sts:AssumeRole on that role"), "{}", ran.stderr);
    let saved: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert!(saved.is_object(), "one document is no list");
}

#[test]
fn nothing_at_all_is_no_file_and_leaves_the_old_one() {
    let stub = stub_of_samples();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("inventory.json");
    let mut environment = once(&stub);
    environment.retain(|(name, _)| name != "AWS_ACCESS_KEY_ID");
    let ran = snapshot(&environment, &out, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("error: AWS cannot be called (us-east-1)\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: check the credentials"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("error: nothing could be read from AWS, so no snapshot was written\n"),
        "{}",
        ran.stderr
    );
    assert!(!out.exists());

    fs::write(&out, "old").unwrap();
    for operation in stub_operations() {
        stub.fault(operation, Fault::AccessDenied);
    }
    let ran = snapshot(&once(&stub), &out, &[]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr.matches("  hint: allow ec2:").count(), 9, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// All but the entries of lists, which are not asked for where there is no list.
fn stub_operations() -> [&'static str; 9] {
    [
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroups",
        "DescribeSecurityGroupRules",
        "DescribeManagedPrefixLists",
        "DescribeSubnets",
        "DescribeVpcs",
        "DescribeFlowLogs",
        "DescribeSecurityGroupVpcAssociations",
        "DescribeTrafficMirrorTargets",
    ]
}

#[test]
fn without_a_region_it_says_how_to_give_one() {
    let stub = stub_of_samples();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("inventory.json");
    let mut environment = once(&stub);
    environment.retain(|(name, _)| name != "AWS_REGION");
    let ran = snapshot(&environment, &out, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("  caused by: no region is set\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("  hint: give --region, or set AWS_REGION\n"), "{}", ran.stderr);
    assert!(!out.exists());
    let ran = snapshot(&environment, &out, &["--region", "eu-west-1", "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_account_that_is_not_known_is_a_warning() {
    let stub = stub_of_samples();
    let mut world = Ec2World::with_interfaces(2);
    world.groups[0]["OwnerId"] = "999999999999".into();
    stub.set_ec2(world);
    stub.fault("GetCallerIdentity", Fault::AccessDenied);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("inventory.json");
    let ran = snapshot(&stub.environment(), &out, &[]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.starts_with("warning: which account was read in us-east-1 is not known"), "{}", ran.stderr);
    let mut environment = stub.environment();
    environment.push(("AWS_ACCOUNT_ID".to_string(), "123456789012".to_string()));
    let ran = snapshot(&environment, &out, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let saved: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(saved["AccountId"], "123456789012");
}

#[test]
fn a_place_that_cannot_be_written_to_and_options_that_make_no_sense() {
    let stub = stub_of_samples();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("missing/inventory.json");
    let ran = snapshot(&stub.environment(), &out, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("error: cannot write the snapshot to "), "{}", ran.stderr);
    assert!(stub.all_calls().is_empty(), "it is said before anything is read");
    assert_eq!(run(&[], &["snapshot"]).code, Some(2));
    assert_eq!(run(&[], &["snapshot", "--out", "x", "--region", "../evil"]).code, Some(2));
}
