//! Records of transit gateways, which come through the same streams.

use super::*;

const GATEWAY: &str = "resource-type tgw-id srcaddr dstaddr end log-status tcp-flags";

fn given(fields: &str) -> Transformation {
    let headerless = Headerless::new(Some(Format::from_template(fields).unwrap()));
    Transformation { destination: Destination::OpenSearch, limit: 1_000_000, headerless }
}

#[test]
fn transit_gateways_in_their_own_format() {
    let good = "TransitGateway tgw-1 10.0.0.1 10.1.0.1 1418530070 OK 2";
    let data = [
        good.as_bytes().to_vec(),
        json!({"message": good}).to_string().into_bytes(),
        subscription(&[good.to_owned()]),
        b"TransitGateway tgw-1 10.0.0.1".to_vec(),
    ];
    let once = once_with(&given(GATEWAY), &data, false, &mut decorator_of(Schema::Ecs));
    assert_eq!(results(&once), ["Ok", "Ok", "Ok", "ProcessingFailed"]);
    for (_, _, document) in &answers(&once.body)[..3] {
        let document: Value = serde_json::from_slice(document).unwrap();
        assert_eq!(document["@timestamp"], "2014-12-14T04:07:50.000Z");
        assert_eq!(document["aws"]["vpcflow"]["tgw_id"], "tgw-1");
        assert_eq!(document.get("sgflow"), None, "a gateway has no direction, no role and no group");
    }
    assert_eq!((once.counts.unparsed, once.counts.transit_gateway), (1, 0));
    assert_eq!(once.counts.reasons, BTreeMap::from([("wrong-field-count", 1)]));
}

/// No line becomes a document of what it is not, though its fields are as many as those of the format and fit.
#[test]
fn lines_of_the_other_kind_than_the_format_are_failed_and_kept() {
    let of_gateway = b"TransitGateway tgw-1 10.0.0.1 10.1.0.1 1418530070 OK 2".to_vec();
    let of_interface = b"123456789010 eni-1 10.0.0.1 10.1.0.1 1418530070 OK 2".to_vec();
    let data = [of_gateway, of_interface];
    let vpc = GATEWAY.replace("resource-type tgw-id", "account-id interface-id");
    for (fields, kept, transit_gateway) in [(GATEWAY, 1, 0), (&vpc, 0, 1)] {
        let once = once_with(&given(fields), &data, false, &mut decorator_of(Schema::Ecs));
        let answers = answers(&once.body);
        assert_eq!((answers[kept].1.as_str(), &answers[kept].2), ("ProcessingFailed", &data[kept]), "{fields}");
        assert_eq!(answers[1 - kept].1, "Ok", "{fields}");
        let counts = &once.counts;
        assert_eq!((counts.decorated, counts.failed), (1, 1));
        assert_eq!((counts.transit_gateway, counts.unparsed), (transit_gateway, 1 - transit_gateway), "{fields}");
        let reasons: Vec<(&str, u64)> = counts.reasons.iter().map(|(reason, times)| (*reason, *times)).collect();
        let expected = if transit_gateway == 0 { vec![("other-flow-log", 1)] } else { vec![] };
        assert_eq!(reasons, expected, "{fields}");
    }
}
