//! Transit gateway flow logs, which lie in the same buckets.

use crate::program::{SSH, on_input};

/// The first and the last fields of the Transit Gateway guide, "Transit Gateway Flow Log records".
const FIELDS: &str =
    "version resource-type account-id tgw-id srcaddr dstaddr protocol start end log-status flow-direction";
const LINE: &str = "6 TransitGateway 123456789010 tgw-1 10.0.0.1 10.1.0.1 6 1418530010 1418530070 OK ingress";
const CURE: &str = "hint: transit gateway records become documents with --output-schema ecs; lines without a header also need --log-format";

fn template(fields: &str) -> String {
    let fields: Vec<String> = fields.split(' ').map(|field| format!("${{{field}}}")).collect();
    fields.join(" ")
}

/// With a header or a format; the default shape has no place for it.
#[test]
fn documents_in_ecs() {
    let log = format!("{FIELDS}\n{LINE}\n{LINE} 1\n");
    let ran = on_input(&["-", "--output-schema", "ecs"], log.as_bytes());
    ran.assert_says(0, &["1 records decorated, 1 lines unparsed", "-:3: "]);
    let [document] = &ran.documents()[..] else { panic!("one document") };
    assert_eq!(document["aws"]["vpcflow"]["tgw_id"], "tgw-1");
    assert_eq!(document["network"]["direction"], "ingress");
    assert_eq!(document.get("sgflow"), None, "a gateway has no direction, no role and no group");

    let ran = on_input(&["-", "--output-schema", "ecs", "--log-format", &template(FIELDS)], LINE.as_bytes());
    ran.assert_says(0, &["1 records decorated"]);
    assert_eq!(&ran.documents()[..], std::slice::from_ref(document));

    let ran = on_input(&["-", "--log-format", &template(FIELDS)], LINE.as_bytes());
    ran.assert_says(2, &["only ECS documents have a place for", "--output-schema ecs"]);
}

#[test]
fn what_is_left_out_is_told_with_the_cure() {
    let log = format!("{FIELDS}\n{LINE}\n{LINE}\n");
    for (arguments, content) in [(&["-"][..], log.as_str()), (&["-", "--output-schema", "ecs"], LINE)] {
        let ran = on_input(arguments, content.as_bytes());
        ran.assert_says(1, &["error: no flow log record could be read", CURE]);
        assert_eq!((ran.stdout.as_str(), ran.stderr.matches("hint: transit").count()), ("", 1), "{}", ran.stderr);
    }
    let both = format!("{SSH}\n{log}");
    let ran = on_input(&["-"], both.as_bytes());
    ran.assert_says(
        0,
        &[
            "warning: 2 transit gateway records were left out",
            CURE,
            "1 records decorated",
            "2 transit gateway records left out",
        ],
    );
    assert_eq!(ran.documents().len(), 1);
    let ran = on_input(&["-"], format!("{SSH}\n{LINE}\n").as_bytes());
    ran.assert_says(0, &["warning: 1 transit gateway record was left out"]);
    assert_eq!(on_input(&["-", "--quiet"], both.as_bytes()).stderr, "");
    let ran = on_input(&["-", "/no/such/log"], log.as_bytes());
    ran.assert_says(1, &["no such file or folder", "warning: 2 transit gateway records were left out", CURE]);
}

/// Neither becomes a document of what it is not, though its fields are as many as those of the format and fit.
#[test]
fn lines_of_the_other_kind_than_the_format() {
    let vpc = "version account-id vpc-id interface-id srcaddr dstaddr protocol start end log-status flow-direction";
    let line = "5 123456789010 vpc-1 eni-1 10.0.0.1 10.1.0.1 6 1418530010 1418530070 OK ingress";
    let both = format!("{line}\n{LINE}\n");
    for schema in ["classic", "ecs"] {
        let ran = on_input(&["-", "--output-schema", schema, "--log-format", &template(vpc)], both.as_bytes());
        ran.assert_says(0, &["warning: 1 transit gateway record was left out", CURE, "1 records decorated"]);
        assert!(ran.stdout.contains("eni-1") && !ran.stdout.contains("tgw-1"), "{}", ran.stdout);
    }
    let ran = on_input(&["-", "--output-schema", "ecs", "--log-format", &template(FIELDS)], both.as_bytes());
    ran.assert_says(
        0,
        &["1 line is no record and was left out", "-:1: one of record and format is of a transit gateway"],
    );
    assert!(ran.stdout.contains("tgw-1") && !ran.stdout.contains("eni-1"), "{}", ran.stdout);
}

/// AWS adds fields to flow logs of interfaces every year.
#[test]
fn a_record_of_an_interface_is_decorated_whatever_else_it_has() {
    let fields = "interface-id srcaddr dstaddr end resource-type";
    let line = "eni-1 10.0.0.1 10.1.0.1 1418530070 NetworkInterface";
    for ran in [
        on_input(&["-"], format!("{fields}\n{line}\n").as_bytes()),
        on_input(&["-", "--log-format", &template(fields)], line.as_bytes()),
    ] {
        ran.assert_says(0, &["1 records decorated"]);
        assert_eq!(ran.documents()[0]["resource-type"], "NetworkInterface");
        assert_eq!(ran.documents()[0]["flow-role"], "ambiguous");
    }
}
