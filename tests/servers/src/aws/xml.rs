//! EC2's XML made from the AWS CLI's JSON.
//!
//! Both spell the same shapes: the CLI with the API model's member names (`PrivateIpAddresses`), the XML with names of
//! its own (`privateIpAddressesSet`), as the response examples of the EC2 API Reference show. Mostly that is the same
//! name with a small first letter; the exceptions stand in [`element`]. A list is one element with an `<item>` for each
//! entry.

use serde_json::Value;

pub(super) const REQUEST_ID: &str = "59dbff89-35bd-4eac-99ed-be587EXAMPLE";

/// Writes the members of a list's item, its id before the others, as EC2 mostly does.
pub(super) fn write_item(out: &mut String, shape: &str, id: &str, item: &Value) {
    let mut others = item.clone();
    if let Some(value) = others.as_object_mut().and_then(|members| members.remove(id)) {
        write(out, shape, id, &value);
    }
    write_members(out, shape, &others);
}

/// Writes the members of an object; `shape` is the shape whose member names are meant, by the plural of the CLI.
fn write_members(out: &mut String, shape: &str, object: &Value) {
    let Some(members) = object.as_object() else {
        return;
    };
    for (name, value) in members {
        write(out, shape, name, value);
    }
}

fn write(out: &mut String, shape: &str, name: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    let element = element(shape, name);
    out.push_str(&format!("<{element}>"));
    match value {
        Value::Array(items) => {
            for item in items {
                out.push_str("<item>");
                match item {
                    Value::Object(_) => write_members(out, name, item),
                    scalar => out.push_str(&text(name, scalar)),
                }
                out.push_str("</item>");
            }
        }
        Value::Object(_) => write_members(out, name, value),
        scalar => out.push_str(&text(name, scalar)),
    }
    out.push_str(&format!("</{element}>"));
}

fn element(shape: &str, name: &str) -> String {
    match (shape, name) {
        ("SecurityGroups", "Description") => "groupDescription".into(),
        ("NetworkInterfaces", "Groups") => "groupSet".into(),
        (_, "UserIdGroupPairs") => "groups".into(),
        (_, "Tags") => "tagSet".into(),
        (_, "PrivateIpAddresses") => "privateIpAddressesSet".into(),
        (_, "Ipv6Addresses") => "ipv6AddressesSet".into(),
        (_, "Ipv4Prefixes") => "ipv4PrefixSet".into(),
        (_, "Ipv6Prefixes") => "ipv6PrefixSet".into(),
        (_, "AssociatedSubnets") => "associatedSubnetSet".into(),
        _ => {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            first.into_iter().chain(letters).collect()
        }
    }
}

fn text(name: &str, scalar: &Value) -> String {
    let text = match scalar {
        Value::String(text) => escape(text),
        other => other.to_string(),
    };
    // The CLI prints times with an offset, the API in UTC with a `Z`.
    if matches!(name, "AttachTime" | "CreationTime") { text.replace("+00:00", ".000Z") } else { text }
}

pub(super) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_differ_from_the_rule() {
        let interface = json!({"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1", "GroupName": "a & b"}],
            "Attachment": {"AttachTime": "2026-01-01T00:00:00+00:00", "DeviceIndex": 0, "DeleteOnTermination": true},
            "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": "10.0.0.1"}], "TagSet": [],
            "RequesterId": null});
        let mut xml = String::new();
        write_item(&mut xml, "NetworkInterfaces", "NetworkInterfaceId", &interface);
        assert!(xml.starts_with("<networkInterfaceId>"), "{xml}");
        for expected in [
            "<networkInterfaceId>eni-1</networkInterfaceId>",
            "<groupSet><item><groupId>sg-1</groupId><groupName>a &amp; b</groupName></item></groupSet>",
            "<attachTime>2026-01-01T00:00:00.000Z</attachTime>",
            "<deviceIndex>0</deviceIndex>",
            "<privateIpAddressesSet><item><primary>true</primary><privateIpAddress>10.0.0.1</privateIpAddress></item>",
            "<tagSet></tagSet>",
        ] {
            assert!(xml.contains(expected), "{expected} is not in {xml}");
        }
        assert!(!xml.contains("requesterId"));
        let group = json!({"Description": "d", "IpPermissions": [{"UserIdGroupPairs": [{"GroupId": "sg-2"}],
            "FromPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}]});
        let mut xml = String::new();
        write_members(&mut xml, "SecurityGroups", &group);
        let permission = "<fromPort>443</fromPort>";
        assert!(xml.contains("<groupDescription>d</groupDescription>") && xml.contains(permission), "{xml}");
        assert!(xml.contains("<groups><item><groupId>sg-2</groupId></item></groups>"), "{xml}");
        assert!(xml.contains("<cidrIp>0.0.0.0/0</cidrIp><description>all</description>"), "{xml}");
    }
}
