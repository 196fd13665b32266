//! Rules without a hit: in the inventory, but in no record of the range.

use super::made_up::{flows, inventory, without_template};
use super::panel::{Drawn, NO_INDEX, Panel, Place};
use super::samples::{self, MARCH, SAMPLES};
use dashboards_test::Range;
use serde_json::json;
use stack::Schema;
use std::collections::BTreeSet;

const NAME: &str = "rule-usage-unhit-rules";
const UNHIT: &str = "sgr-0feedc0ffee000001";
const WEB: &str = "sg-045c261ad9e6221b6";

fn listed(drawn: &Drawn) -> BTreeSet<String> {
    drawn.texts("unhit", "rule").into_iter().map(str::to_owned).collect()
}

/// The rules that the flows would show, and do not.
fn meant(range: &Range<'_>) -> BTreeSet<String> {
    SAMPLES.visible_rules().difference(&SAMPLES.hit_rules(range)).cloned().collect()
}

/// The inventory of the samples and a rule that nobody uses.
fn with_one_more(schema: Schema, name: &str) -> String {
    let rule = json!({
        "SecurityGroupRuleId": UNHIT, "GroupId": WEB, "GroupOwnerId": "123456789012", "IsEgress": false,
        "IpProtocol": "tcp", "FromPort": 8444, "ToPort": 8445, "CidrIpv4": "10.99.0.0/16", "Description": "for nobody"
    });
    inventory(schema, name, &[("security-group-rules", "SecurityGroupRules", rule)])
}

#[test]
fn on_the_samples_the_rules_are_listed_that_no_request_needed() {
    let meant = meant(&MARCH);
    let mut blind = SAMPLES.rules_with_ids();
    blind.retain(|rule| !SAMPLES.visible_rules().contains(rule) && !SAMPLES.hit_rules(&MARCH).contains(rule));
    println!("{} rules without a hit, and {} that would not show one", meant.len(), blind.len());
    assert!(meant.len() > 3, "{meant:?}");
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        assert!(!panel.obeys_filters(), "a filter makes used rules look unused");
        let drawn = panel.draw(&samples::place(schema), &MARCH);
        let hit: BTreeSet<String> = drawn.texts("hit", "rule").into_iter().map(str::to_owned).collect();
        assert_eq!(hit, SAMPLES.hit_rules(&MARCH));
        assert_eq!(listed(&drawn), meant);
        assert_eq!(drawn.count("rows"), meant.len());
        // Others are not listed, but counted: what they are for does not show in every record.
        drawn.must_say(&format!("{} more without a hit are left out", blind.len()));
        drawn.must_show("sg-audit proves");
        drawn.must_show("2026-03-01 00:00 to 2026-03-04 00:00 UTC");
    }
}

/// Of an hour, only what was hit in it is hit.
#[test]
fn only_records_of_the_range_count() {
    let hour = Range { from: "2026-03-02T10:00:00Z", to: "2026-03-02T11:00:00Z" };
    assert!(meant(&hour).len() > meant(&MARCH).len());
    for schema in Schema::ALL {
        let drawn = Panel::of(schema, NAME).draw(&samples::place(schema), &hour);
        assert_eq!(listed(&drawn), meant(&hour));
    }
}

#[test]
fn one_more_rule_is_one_more_row() {
    let mut meant = meant(&MARCH);
    meant.insert(UNHIT.to_owned());
    for schema in Schema::ALL {
        let place = Place::new(&samples::place(schema).flows, &with_one_more(schema, "unhit"));
        let drawn = Panel::of(schema, NAME).draw_in(&place, &MARCH, (900, 900));
        assert_eq!(listed(&drawn), meant);
        let row = drawn.row("shown", "rule", UNHIT);
        assert_eq!(row["group"], "web");
        assert_eq!(row["text"], "tcp 8444-8445 from 10.99.0.0/16");
        assert_eq!(row["description"], "for nobody");
        assert_eq!(row["snapshot"], "undated");
        drawn.must_show(UNHIT);
    }
}

#[test]
fn nothing_is_listed_that_the_answer_could_not_show() {
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let samples = samples::place(schema);
        let nobody = |place: &Place, panel: &Panel, range: &Range<'_>, words: &str| {
            let drawn = panel.draw(place, range);
            drawn.must_list_nothing("unhit");
            drawn.must_say(words);
        };

        nobody(&Place::new(&samples.flows, NO_INDEX), &panel, &MARCH, "No inventory index");
        let january = Range { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
        nobody(&samples, &panel, &january, "No records in this range");

        let limited = panel.clone().limited("flows", "/aggs/rules/terms/size", 2);
        nobody(&samples, &limited, &MARCH, "More than 2 rules were hit");

        let untyped = without_template(schema, "unhit");
        let half = Place::new(&format!("{},{untyped}", samples.flows), &samples.inventory);
        nobody(&half, &panel, &MARCH, "A part of an index did not answer");

        // As the decorator writes it without rule lookup.
        let accepted = [
            ("time", json!("2026-03-02T00:00:00Z")),
            ("action", json!("ACCEPT")),
            ("direction", json!("inbound")),
            ("role", json!("request")),
            ("group_id", json!([WEB])),
        ];
        let nameless = flows(schema, "without-rules", &accepted, &[&[("port", json!(443))]]);
        nobody(&Place::new(&nameless, &samples.inventory), &panel, &MARCH, "No record here names a rule");
    }
}

/// Rule lookup was on for a part of the range only; a group has no records, or only rejected ones, which never name a
/// rule.
#[test]
fn what_the_records_could_not_have_shown_is_told() {
    let everything = SAMPLES.visible_rules();
    for schema in Schema::ALL {
        let time = ("time", json!("2026-03-02T00:00:00Z"));
        let app = ("group_id", json!(["sg-0f37d574fbcb06be0"]));
        let web = ("group_id", json!([WEB]));
        let hit = [
            ("action", json!("ACCEPT")),
            ("role", json!("request")),
            app.clone(),
            ("rule", json!(["sgr-0a4c11c8e1599f66d"])),
        ];
        let nameless = [("action", json!("ACCEPT")), ("role", json!("request")), app.clone()];
        let reply = [("action", json!("ACCEPT")), ("role", json!("reply")), app];
        let rejected = [("action", json!("REJECT")), ("role", json!("request")), web];
        let lost = [("status", json!("SKIPDATA"))];
        let index = flows(schema, "few-rules", &[time], &[&hit, &nameless, &nameless, &reply, &rejected, &lost]);
        let place = Place::new(&index, &samples::place(schema).inventory);
        let drawn = Panel::of(schema, NAME).draw_in(&place, &MARCH, (900, 900));
        drawn.must_show("2 of 3 accepted records (replies aside) name no rule");
        let mut listed = listed(&drawn);
        listed.insert("sgr-0a4c11c8e1599f66d".to_owned());
        assert!(listed.is_subset(&everything) && listed.len() > 1);
        for row in drawn.rows("unhit") {
            let is_logged = row["groupId"] == "sg-0f37d574fbcb06be0";
            assert_eq!(row["seen"], if is_logged { "4" } else { "none" }, "{row}");
        }
        let of_app = drawn.rows("unhit").iter().filter(|row| row["seen"] != "none").count();
        assert!(of_app > 0);
        let unseen = drawn.rows("unhit").len() - of_app;
        drawn.must_say(&format!("{unseen} of these are of groups without any accepted record"));
        drawn.must_say("Windows whose records AWS lost (SKIPDATA): 1.");
    }
}

#[test]
fn an_inventory_that_is_only_partly_read_is_told() {
    let schema = Schema::Classic;
    let panel = Panel::of(schema, NAME).limited("inventory", "/size", 2);
    let drawn = panel.draw(&samples::place(schema), &MARCH);
    drawn.must_say("Not complete: 2 of ");
    assert!(listed(&drawn).is_subset(&meant(&MARCH)));
}
