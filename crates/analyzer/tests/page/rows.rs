//! The rules of a JSON report, and what a search means, in plain loops: written apart from the page.

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub group_id: String,
    pub group_name: String,
    pub direction: &'static str,
    pub protocol: String,
    pub from: Option<u64>,
    pub to: Option<u64>,
    pub peer: String,
    pub peer_name: String,
    pub description: String,
    pub verdict: String,
    pub is_wide: bool,
    pub requests: u64,
    pub last_seen: String,
    pub reason: String,
    pub evidence: Value,
}

/// All rules. Of the samples no prefix list has a name to find it by: its entries are not known.
pub fn rows(report: &Value) -> Vec<Row> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let groups = report["groups"].as_array().unwrap();
    let mut rows = Vec::new();
    for group in groups {
        for rule in group["rules"].as_array().unwrap() {
            let peer = text(&rule["peer"]);
            let mut peer_name = String::new();
            for other in groups {
                if other["group_id"] == peer.as_str() {
                    peer_name = text(&other["group_name"]);
                }
            }
            let requests = rule["evidence"]["requests"].as_u64().unwrap();
            let verdict = match rule["verdict"].as_str().unwrap() {
                "used" if requests == 0 => "used?".to_owned(),
                other => other.to_owned(),
            };
            rows.push(Row {
                id: text(&rule["rule_id"]),
                group_id: text(&group["group_id"]),
                group_name: text(&group["group_name"]),
                direction: if rule["direction"] == "egress" { "out" } else { "in" },
                protocol: text(&rule["protocol"]),
                from: rule["from_port"].as_u64(),
                to: rule["to_port"].as_u64(),
                peer,
                peer_name,
                description: text(&rule["description"]),
                verdict,
                is_wide: !rule["recommendation"].is_null(),
                requests,
                last_seen: text(&rule["evidence"]["last_seen"]),
                reason: text(&rule["reason"]),
                evidence: rule["evidence"].clone(),
            });
        }
    }
    rows
}

impl Row {
    /// Which chip it belongs to.
    pub fn kind(&self) -> &str {
        match self.verdict.as_str() {
            "used" | "used?" if self.is_wide => "too-wide",
            "used?" => "used",
            other => other,
        }
    }

    fn opens(&self, port: u64) -> bool {
        match self.protocol.as_str() {
            "all" => true,
            "tcp" | "udp" => self.from.is_none_or(|from| from <= port) && self.to.is_none_or(|to| port <= to),
            _ => false,
        }
    }

    fn texts(&self) -> [&str; 8] {
        [
            &self.id,
            &self.group_id,
            &self.group_name,
            &self.protocol,
            &self.peer,
            &self.peer_name,
            &self.description,
            &self.verdict,
        ]
    }

    /// Whether it has the word of a search.
    pub fn has(&self, word: &str) -> bool {
        let within = |texts: &[&str], word: &str| {
            let word = word.to_lowercase();
            texts.iter().any(|text| text.to_lowercase().contains(&word))
        };
        if let Some((place, word)) = word.split_once(':') {
            return match place {
                "group" => within(&[&self.group_name, &self.group_id], word),
                "peer" => within(&[&self.peer, &self.peer_name], word),
                "id" => within(&[&self.id], word),
                "port" => word.parse().is_ok_and(|port| port <= 65_535 && self.opens(port)),
                _ => within(&self.texts(), &format!("{place}:{word}")),
            };
        }
        let is_number = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        let Some(port) = word.parse::<u64>().ok().filter(|port| is_number && *port <= 65_535) else {
            return within(&self.texts(), word);
        };
        let is_part = |character: char| character.is_alphanumeric() || "._:/-".contains(character);
        let stands_alone = |text: &&str| text.split(|character| !is_part(character)).any(|piece| piece == word);
        self.opens(port) || self.texts().iter().any(stands_alone)
    }
}

/// Ids of the rules that have all words, sorted.
pub fn found(rows: &[Row], search: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for row in rows {
        if search.split_whitespace().all(|word| row.has(word)) {
            ids.push(row.id.clone());
        }
    }
    ids.sort();
    ids
}
