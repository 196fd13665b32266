//! The report as JSON: `sgflow.report/1`, the contract that other programs read.
//!
//! What it says is fixed by [`super::model`] and described by `schema/sgflow.report.1.schema.json`, which [`SCHEMA`]
//! holds. Text is passed on as it was found; JSON itself escapes control characters.

use std::io::{self, Write};

use super::model::Report;

/// The JSON Schema (2020-12) that every report in this form satisfies.
pub const SCHEMA: &str = include_str!("../../schema/sgflow.report.1.schema.json");

/// Writes the report, indented by two spaces and with a line feed at its end. The same report gives the same bytes.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use serde_json::{Value, json};

    use super::*;
    use crate::report::baseline::example::changes;
    use crate::report::example::{example, nasty};
    use crate::report::model::{GroupVerdict, Verdict};

    fn written(report: &Report) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn problems(report: &Value) -> Vec<String> {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn the_example_keeps_the_contract() {
        let text = written(&example());
        assert!(text.ends_with("}\n"));
        assert_eq!(problems(&serde_json::from_str(&text).unwrap()), Vec::<String>::new());
        assert_eq!(text, written(&example()));
    }

    #[test]
    fn nasty_text_survives_a_round_trip() {
        let report = nasty();
        let parsed: Value = serde_json::from_str(&written(&report)).unwrap();
        assert_eq!(problems(&parsed), Vec::<String>::new());
        assert_eq!(parsed["groups"][0]["group_name"], report.groups[0].group_name.as_str());
        assert_eq!(parsed["groups"][0]["rules"][0]["description"], report.groups[0].rules[0].description.as_str());
    }

    #[test]
    fn changes_are_one_more_key_and_keep_the_contract() {
        let mut report = example();
        report.changes = Some(changes());
        let parsed: Value = serde_json::from_str(&written(&report)).unwrap();
        assert_eq!(problems(&parsed), Vec::<String>::new());
        assert_eq!(parsed["changes"]["since"]["end"], "2024-04-30T23:59:59Z");
        assert_eq!(parsed["changes"]["newly_unused"][0]["from"], "used");
        assert_eq!(parsed["changes"]["gone_rules"][0]["to"], Value::Null);
        assert_eq!(
            parsed.as_object().unwrap().len(),
            serde_json::to_value(example()).unwrap().as_object().unwrap().len() + 1
        );
        for place in ["/changes", "/changes/since", "/changes/gone_rules/0", "/changes/gone_groups/0"] {
            for key in parsed.pointer(place).and_then(Value::as_object).unwrap().keys() {
                let mut broken = parsed.clone();
                broken.pointer_mut(place).and_then(Value::as_object_mut).unwrap().remove(key);
                assert_ne!(problems(&broken), Vec::<String>::new(), "{place}/{key} is not required");
            }
        }
    }

    #[test]
    fn the_schema_itself_is_a_schema() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
    }

    #[test]
    fn keys_stand_in_the_order_of_the_contract() {
        let text = written(&example());
        let mut from = 0;
        for key in ["schema", "window", "logs", "tool_version", "inventory", "assumptions", "groups", "interfaces"] {
            let found = text[from..].find(&format!("\n  \"{key}\"")).unwrap_or_else(|| panic!("{key} is out of order"));
            from += found + 1;
        }
    }

    #[test]
    fn every_word_for_a_verdict_is_allowed_and_no_other() {
        let mut report = serde_json::to_value(example()).unwrap();
        for verdict in Verdict::ALL {
            report["groups"][0]["rules"][0]["verdict"] = serde_json::to_value(verdict).unwrap();
            assert_eq!(report["groups"][0]["rules"][0]["verdict"], verdict.name());
            assert_eq!(problems(&report), Vec::<String>::new());
        }
        for verdict in [GroupVerdict::Used, GroupVerdict::Idle, GroupVerdict::Unattached, GroupVerdict::NoEvidence] {
            report["groups"][0]["verdict"] = serde_json::to_value(verdict).unwrap();
            assert_eq!(problems(&report), Vec::<String>::new());
        }
        report["groups"][0]["rules"][0]["verdict"] = json!("Unused");
        assert_ne!(problems(&report), Vec::<String>::new());
    }

    /// Each change breaks the contract in one place, and the schema notices.
    #[test]
    fn the_schema_is_strict() {
        let sound = serde_json::to_value(example()).unwrap();
        let changes: [(&str, Value); 24] = [
            ("/schema", json!("sgflow.report/2")),
            ("/window/start", json!("2024-05-01 00:00:00")),
            ("/window/extra", json!(1)),
            ("/logs/records", json!(-1)),
            ("/logs/records", json!("12")),
            ("/logs/incomplete", json!(0)),
            ("/logs/unparsed_samples/0/line", json!(0)),
            ("/assumptions/0/id", json!("Not Kebab")),
            ("/inventory/snapshots/0/account_id", json!("12345")),
            ("/groups/0/group_id", json!("web")),
            ("/groups/0/owner_id", json!(111122223333_u64)),
            ("/groups/0/interfaces/0", json!("i-0123")),
            ("/groups/0/rules/0/direction", json!("inbound")),
            ("/groups/0/rules/0/protocol", json!("-1")),
            ("/groups/0/rules/0/from_port", json!(65536)),
            ("/groups/0/rules/0/from_port", json!(-1)),
            ("/groups/0/rules/0/peer", json!("10.0.0.0")),
            ("/groups/0/rules/0/reason", json!("")),
            ("/groups/0/rules/0/exposure", json!("1")),
            ("/groups/0/rules/0/evidence/observed_hours", json!(null)),
            ("/groups/0/rules/0/evidence/first_seen", json!("yesterday")),
            ("/groups/0/rules/1/recommendation/exposure_after", json!(257)),
            ("/interfaces/0/coverage", json!(1.5)),
            ("/surprise", json!(true)),
        ];
        for (pointer, value) in changes {
            let mut broken = sound.clone();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            match broken.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")) {
                Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
                Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
                other => panic!("{parent} is {other}"),
            }
            assert_ne!(problems(&broken), Vec::<String>::new(), "{pointer} passed");
        }
    }

    #[test]
    fn peers_are_networks_groups_or_prefix_lists() {
        let mut report = serde_json::to_value(example()).unwrap();
        for peer in
            ["0.0.0.0/0", "10.1.2.3/32", "::/0", "2001:db8::/56", "::ffff:10.0.0.0/104", "sg-0a1b2c3d", "pl-0a1b2c3d"]
        {
            report["groups"][0]["rules"][0]["peer"] = json!(peer);
            assert_eq!(problems(&report), Vec::<String>::new(), "{peer}");
        }
        for peer in
            ["", "0.0.0.0", "256.0.0.0/8", "10.0.0.0/33", "::/129", "db8/32", "eni-0a1b2c3d", "sg-", "10.0.0.0/8 "]
        {
            report["groups"][0]["rules"][0]["peer"] = json!(peer);
            assert_ne!(problems(&report), Vec::<String>::new(), "{peer}");
        }
    }

    /// Leaving out any key at all is noticed.
    #[test]
    fn every_key_is_required() {
        let sound = serde_json::to_value(example()).unwrap();
        let places =
            ["", "/window", "/logs", "/logs/unparsed_samples/0", "/inventory", "/inventory/snapshots/0", "/groups/0"];
        let deeper = [
            "/groups/0/rules/0",
            "/groups/0/rules/0/evidence",
            "/groups/0/rules/1/evidence/ports/0",
            "/groups/0/rules/1/recommendation",
            "/groups/0/rules/1/recommendation/ports/0",
            "/assumptions/0",
            "/interfaces/0",
        ];
        for place in places.iter().chain(&deeper) {
            let object = sound.pointer(place).and_then(Value::as_object).unwrap_or_else(|| panic!("no {place}"));
            for key in object.keys() {
                let mut broken = sound.clone();
                broken.pointer_mut(place).and_then(Value::as_object_mut).unwrap().remove(key);
                assert_ne!(problems(&broken), Vec::<String>::new(), "{place}/{key} is not required");
            }
        }
    }
}
