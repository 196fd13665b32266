//! Replays in words.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use serde_json::json;

const STYLE: Style = Style { color: false, width: 100 };

fn inventory() -> Inventory {
    let https = json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges":
        [{"CidrIp": "0.0.0.0/0", "Description": "shop\u{1b}[2K"}]});
    let ping = json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": "sg-2"}]});
    let groups = json!({"SecurityGroups": [
        {"GroupId": "sg-1", "GroupName": "web", "IpPermissions": [https, ping], "IpPermissionsEgress": []},
        {"GroupId": "sg-2", "GroupName": "\u{202e}app", "IpPermissions": [], "IpPermissionsEgress": []},
    ]});
    Inventory::from_texts(&[("groups.json", &groups.to_string())]).unwrap().inventory
}

fn proposal(inventory: &Inventory) -> Proposal {
    let ssh = json!({"IpProtocol": "tcp", "FromPort": 20, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]});
    let groups = json!({"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [ssh], "IpPermissionsEgress": []}]});
    Proposal::from_texts(&[("proposed.json", &groups.to_string())], inventory).unwrap()
}

fn requests(certainty: Certainty, rule_id: &str, port: DeniedPort, peer: &str, records: u64) -> Requests {
    Requests {
        certainty,
        group_id: "sg-1".to_owned(),
        group_name: "web".to_owned(),
        rule_id: rule_id.to_owned(),
        direction: Direction::Ingress,
        protocol: if port == DeniedPort::None { "icmp" } else { "tcp" }.to_owned(),
        port,
        peer: peer.parse().unwrap(),
        traffic: Traffic {
            records,
            packets: records * 3,
            bytes: records * 180,
            first_seen: 1_717_000_000,
            last_seen: 1_717_060_000 + records as u32,
        },
    }
}

fn example(inventory: &Inventory, proposal: &Proposal) -> Replay {
    let web = inventory.group(inventory.group_ix("sg-1").unwrap());
    let id = |protocol: &str| {
        let named = |rule: &&Rule| rule.protocol.unwrap().name() == protocol;
        web.rules.iter().find(named).unwrap().id.clone()
    };
    let new = proposal.groups.values().next().unwrap()[0].id.clone();
    let mut replay = Replay {
        changed_groups: vec!["sg-1".to_owned()],
        replayed_rules: 2,
        replayed_requests: 1300,
        ..Replay::default()
    };
    for (peer, records) in [("198.51.100.7", 5), ("203.0.113.5", 1200), ("2001:db8::5", 5), ("203.0.113.6", 1)] {
        let denial = requests(Certainty::Surely, &id("tcp"), DeniedPort::Known(443), peer, records);
        replay.denied.push(denial);
    }
    replay.denied.push(requests(Certainty::Possibly, &id("icmp"), DeniedPort::None, "10.0.0.7", 2));
    replay.admitted.push(requests(Certainty::Surely, &new, DeniedPort::Known(22), "192.0.2.9", 1));
    replay.admitted.push(requests(Certainty::Possibly, &new, DeniedPort::High, "192.0.2.9", 1));
    replay.sort();
    replay
}

fn written(replay: &Replay, style: Style) -> String {
    let inventory = inventory();
    let proposal = proposal(&inventory);
    let mut bytes = Vec::new();
    let ledger = Ledger { accepted: 2000, first: Some(1_717_000_000), last: Some(1_717_070_000), ..Ledger::default() };
    let names = Names { inventory: &inventory, proposal: &proposal, ledger: &ledger };
    write(replay, names, style, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_would_be_denied_stands_first() {
    let inventory = inventory();
    let replay = example(&inventory, &proposal(&inventory));
    insta::assert_snapshot!(written(&replay, STYLE), @r#"
1 group changes: web (sg-1)

1,211 requests by 1 rule would be denied, and 2 requests by 1 rule possibly.
Replayed: 2,000 records from 2024-05-29T16:26:40Z to 2024-05-30T11:53:20Z. What is not in them was not replayed.

Would be denied (1 rule)

web in tcp 443 from 0.0.0.0/0 "shop\x1b[2K"
  sg-1 sgr-content-508af5364008e8f4
  tcp 443  1,211 requests  last 2024-05-30T09:26:40Z  from 203.0.113.5, 198.51.100.7, 2001:db8::5
                                                      and 1 more peer

Would possibly be denied (1 rule)

web in icmp type 8 from \u{202e}app (sg-2)
  sg-1 sgr-content-21d48472869e67d9
  icmp  2 requests  last 2024-05-30T09:06:42Z  from 10.0.0.7

Was rejected and would be accepted (1 rule)

web in tcp 20-22 from 192.0.2.0/24
  sg-1 sgr-content-3f5cfff3ce56e358
  tcp 22  1 request  last 2024-05-30T09:06:41Z  from 192.0.2.9

Was rejected and would possibly be accepted (1 rule)

web in tcp 20-22 from 192.0.2.0/24
  sg-1 sgr-content-3f5cfff3ce56e358
  tcp 32768-65535  1 request  last 2024-05-30T09:06:41Z  from 192.0.2.9
"#);
}

#[test]
fn outcomes_in_words() {
    let inventory = inventory();
    let whole = example(&inventory, &proposal(&inventory));
    let mut replay = Replay::default();
    assert_eq!(outcome(&replay), "Nothing changes: the proposed groups have the rules that they have now.");
    replay.changed_groups.clone_from(&whole.changed_groups);
    assert_eq!(outcome(&replay), "Nothing would be denied: no rule is taken away.");
    replay.replayed_rules = 1;
    let unused = "Nothing would be denied: 1 rule goes, and no request in these logs used it.";
    assert_eq!(outcome(&replay), unused);
    (replay.replayed_rules, replay.replayed_requests) = (2, 1300);
    assert_eq!(
        outcome(&replay),
        "Nothing would be denied: 1,300 requests by 2 rules that go would all pass by others."
    );
    replay.denied = whole.denied[4..].to_vec();
    assert_eq!(outcome(&replay), "2 requests by 1 rule would possibly be denied.");
    replay.denied = whole.denied[..4].to_vec();
    assert_eq!(outcome(&replay), "1,211 requests by 1 rule would be denied.");
    replay.denied = whole.denied;
    assert_eq!(outcome(&replay), "1,211 requests by 1 rule would be denied, and 2 requests by 1 rule possibly.");
}

#[test]
fn escape_sequences_are_our_own_only() {
    let inventory = inventory();
    let replay = example(&inventory, &proposal(&inventory));
    let plain = written(&replay, STYLE);
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{202e}') && plain.contains("shop\\x1b[2K"), "{plain}");
    let colored = written(&replay, Style { color: true, ..STYLE });
    assert!(colored.contains("\u{1b}[1m") && !colored.contains("\u{1b}[2K"), "{colored}");
    let mut bare = String::new();
    let mut rest = colored.as_str();
    while let Some(start) = rest.find('\u{1b}') {
        bare.push_str(&rest[..start]);
        rest = rest[start..].split_once('m').unwrap().1;
    }
    assert_eq!(bare + rest, plain);
}
