//! Reads an earlier report: what is compared must be there and well formed, all else is passed over, so that reports of other
//! versions that kept the contract can be read.

use super::{Baseline, BaselineError, EarlierGroup};
use crate::report::model::{Evidence, RuleReport, SCHEMA, Verdict, Window};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::path::Path;

/// Looked at first: what is wrong with a file that is something else altogether is not that a rule lacks its peer.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "schema")]
    _schema: SchemaName,
}

struct SchemaName;

#[derive(Deserialize)]
struct Document {
    #[serde(deserialize_with = "window")]
    window: Window,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    group_id: String,
    #[serde(default)]
    group_name: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    rule_id: String,
    direction: Direction,
    protocol: String,
    // Said in so many words, the key must be there: null means all ports, and a key that is missing means nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    from_port: Option<u16>,
    #[serde(deserialize_with = "Option::deserialize")]
    to_port: Option<u16>,
    peer: String,
    verdict: Verdict,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Ingress,
    Egress,
}

impl<'de> Deserialize<'de> for SchemaName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SchemaName, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == SCHEMA {
            return Ok(SchemaName);
        }
        Err(D::Error::custom(format!("its schema is `{name}`, not `{SCHEMA}`")))
    }
}

/// A window between two times: the new report repeats it.
fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
    let window = Window::deserialize(deserializer)?;
    for time in [&window.start, &window.end] {
        if time.parse::<Timestamp>().is_err() {
            return Err(D::Error::custom(format!("its window has `{time}`, which is no time")));
        }
    }
    Ok(window)
}

pub(super) fn read(path: &Path) -> Result<Baseline, BaselineError> {
    let text = std::fs::read(path).map_err(|source| BaselineError::Read { path: path.to_path_buf(), source })?;
    let document = parse(&text).map_err(|error| {
        let told = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        BaselineError::NoReport {
            path: path.to_path_buf(),
            line: error.line(),
            column: error.column(),
            problem: told.strip_suffix(&place).unwrap_or(&told).to_owned(),
        }
    })?;
    let groups = document.groups.into_iter().map(EarlierGroup::from).collect();
    Ok(Baseline { window: document.window, groups })
}

fn parse(text: &[u8]) -> Result<Document, serde_json::Error> {
    serde_json::from_slice::<Header>(text)?;
    serde_json::from_slice(text)
}

impl From<Group> for EarlierGroup {
    fn from(group: Group) -> EarlierGroup {
        let rules = group.rules.into_iter().map(RuleReport::from).collect();
        EarlierGroup { group_id: group.group_id, group_name: group.group_name, rules }
    }
}

impl From<Rule> for RuleReport {
    /// What is not compared is left empty.
    fn from(rule: Rule) -> RuleReport {
        RuleReport {
            rule_id: rule.rule_id,
            direction: match rule.direction {
                Direction::Ingress => "ingress",
                Direction::Egress => "egress",
            },
            protocol: rule.protocol,
            from_port: rule.from_port,
            to_port: rule.to_port,
            peer: rule.peer,
            description: String::new(),
            verdict: rule.verdict,
            reason: String::new(),
            evidence: Evidence::default(),
            recommendation: None,
            exposure: String::new(),
        }
    }
}
