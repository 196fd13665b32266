//! What is missing: every gate that does not hold, not only the first as in a verdict's sentence, each with its cure.
//!
//! [`coverage`] has what the logs do not cover, [`unplaced`] what the inventory does not tell; here are the others.

mod coverage;
mod unplaced;

use super::details::{Details, RuleKey};
use super::model::Missing;
use super::{Explainer, rfc3339};
use crate::attribute::witness::Ground;
use crate::report::model::Verdict;
use crate::report::wording::{count, counted};
use crate::verdict::gates;
use crate::verdict::gates::GroupGates;
use inventory::{Group, GroupIx, Peer, UNDATED, UnloggedKind};

impl Missing {
    fn new(gate: &'static str, verdict: Verdict, what: impl Into<String>) -> Missing {
        Missing {
            gate,
            verdict,
            what: what.into(),
            interfaces: Vec::new(),
            unplaced: Vec::new(),
            samples: Vec::new(),
            cures: Vec::new(),
        }
    }

    fn cure(mut self, cure: impl Into<String>) -> Missing {
        self.cures.push(cure.into());
        self
    }
}

/// A command of the AWS CLI in the group's region.
fn aws(group: &Group, command: &str) -> String {
    match &group.region {
        Some(region) => format!("`aws ec2 {command} --region {region}`"),
        None => format!("`aws ec2 {command}`"),
    }
}

fn account_of(group: &Group) -> String {
    group.owner.as_deref().map_or("its account".to_owned(), |owner| format!("account {owner}"))
}

impl Explainer<'_> {
    /// What keeps this rule from being proven, the gravest first.
    pub(super) fn missing_of_rule(&self, rule: RuleKey, details: &Details) -> Vec<Missing> {
        let mut missing = Vec::new();
        missing.extend(self.unresolved(rule));
        missing.extend(self.not_logged(rule));
        missing.extend(self.missing_of_group(rule.0));
        missing.extend(self.unplaced_records(rule, details));
        missing.extend(self.young(rule));
        missing.extend(self.guesses(rule, details));
        missing.extend(self.untracked(rule));
        missing.extend(self.mirrored(rule));
        // The order of the verdicts is the order in which they are tried.
        missing.sort_by_key(|gate| gate.verdict);
        missing
    }

    /// What keeps all rules of a group from being proven, the gravest first.
    pub(super) fn missing_of_group(&self, group: GroupIx) -> Vec<Missing> {
        let Some(judged) = &self.analysis.groups[group.0 as usize] else {
            return Vec::new();
        };
        let gates = &judged.judgement.gates;
        if gates.carried_by.is_empty() {
            return vec![self.on_no_interface(group)];
        }
        let mut missing = self.coverage(group, gates);
        missing.extend(self.unknown_carriers(group));
        missing.extend(self.days(gates));
        missing.extend(self.lost_input(gates));
        missing.sort_by_key(|gate| gate.verdict);
        missing
    }

    fn on_no_interface(&self, group: GroupIx) -> Missing {
        let inventory = self.analysis.inventory;
        let group = inventory.group(group);
        if !inventory.has_interfaces_of(group.owner.as_deref()) {
            let what = format!("the inventory lacks the network interfaces of {}", account_of(group));
            return Missing::new("lacks-interfaces", Verdict::NoEvidence, what).cure(format!(
                "add the output of {} in {} to the inventory",
                aws(group, "describe-network-interfaces"),
                account_of(group)
            ));
        }
        let what = "its group was on no interface inside the window, so no traffic could have used it";
        Missing::new("unattached", Verdict::NoEvidence, what).cure(format!(
            "nothing can be proven about a rule that nobody carries: attach the group and judge it again after {} of \
             logs, or ask \
             whether the group as a whole is still wanted",
            days_in_words(self.analysis.thresholds.min_days)
        ))
    }

    fn unresolved(&self, (group, position): RuleKey) -> Option<Missing> {
        let inventory = self.analysis.inventory;
        let group = inventory.group(group);
        let rule = &group.rules[position];
        let what = inventory.unresolved(rule)?;
        // The sentence goes on with its own cure, which is made exact here.
        let what = what.split("; add ").next().unwrap_or_default().to_owned();
        let missing = Missing::new("unresolved-peer", Verdict::Unresolved, what);
        Some(match &rule.peer {
            Peer::PrefixList(id) => missing.cure(format!(
                "add the output of {} to the inventory, with its \"PrefixListId\": \"{id}\"",
                aws(group, &format!("get-managed-prefix-list-entries --prefix-list-id {id}"))
            )),
            Peer::Group { id, owner, .. } => missing.cure(format!(
                "add the output of `aws ec2 describe-network-interfaces` of {} to the inventory: group {id} is on \
                 interfaces there",
                owner.as_deref().map_or("its account".to_owned(), |owner| format!("account {owner}"))
            )),
            Peer::Cidr(_) => missing,
        })
    }

    fn not_logged(&self, (group, position): RuleKey) -> Option<Missing> {
        let inventory = self.analysis.inventory;
        let group = inventory.group(group);
        let unlogged = inventory.serves_unlogged(&group.rules[position], group)?;
        let cure = match unlogged.kind {
            UnloggedKind::Filtered => {
                "no flow log will ever show this traffic: look for it at its receiver, or ask who wrote the rule, \
                 before it is touched"
            }
            UnloggedKind::Unfiltered => {
                "no flow log will ever show this traffic, and it passes without any rule: ask who wrote the rule \
                 what it was meant for"
            }
        };
        Some(Missing::new("not-logged", Verdict::NotLogged, unlogged.reason).cure(cure))
    }

    fn days(&self, gates: &GroupGates) -> Option<Missing> {
        let (thresholds, window) = (self.analysis.thresholds, self.analysis.window);
        let seconds = gates::missing_seconds(gates.observed_seconds, &thresholds);
        if seconds == 0 {
            return None;
        }
        let what = format!(
            "its interfaces were observed for {} at most; a proof asks for {} (--min-days)",
            days_in_words(floor_days(gates.observed_seconds)),
            days_in_words(thresholds.min_days)
        );
        let until = rfc3339(window.to.saturating_add(seconds));
        Some(Missing::new("min-days", Verdict::NoEvidence, what).cure(format!(
            "wait until {until} and give all logs until then, or add older ones; --min-days accepts less, at your \
             own risk"
        )))
    }

    fn young(&self, (group, position): RuleKey) -> Option<Missing> {
        let (thresholds, window) = (self.analysis.thresholds, self.analysis.window);
        let rule = &self.analysis.inventory.group(group).rules[position];
        let existed = gates::too_young(rule, window, &thresholds)?;
        let since = rule.exists_since.unwrap_or(UNDATED);
        if since == UNDATED {
            let what = "only the snapshot without a date has it, so nothing tells since when it exists";
            let cure = "give that snapshot its date: a file with \"CapturedAt\", as `sg-audit snapshot` writes it";
            return Some(Missing::new("young-rule", Verdict::NoEvidence, what).cure(cure));
        }
        let what = format!(
            "no snapshot has it before {}, so it exists for {} of the window; a proof asks for {} (--min-days)",
            rfc3339(since),
            days_in_words(floor_days(existed)),
            days_in_words(thresholds.min_days)
        );
        let old_enough = rfc3339(since.max(window.from).saturating_add((thresholds.min_days * 86_400.0) as i64));
        Some(
            Missing::new("young-rule", Verdict::NoEvidence, what)
                .cure(format!("wait until {old_enough} and give all logs until then")),
        )
    }

    fn lost_input(&self, gates: &GroupGates) -> Vec<Missing> {
        let (inventory, ledger) = (self.analysis.inventory, &self.analysis.rollup.ledger);
        let mut missing = Vec::new();
        if !ledger.damaged.is_empty() {
            let files = counted(ledger.damaged.len() as u64, "file");
            let what = format!("{files} could not be read to the end, and what was lost may have shown a use");
            let mut damaged = Missing::new("damaged-input", Verdict::LikelyUnused, what);
            for file in ledger.damaged.iter().take(SAMPLES) {
                damaged.samples.push(format!("{}: {}", file.name, file.reason));
            }
            missing.push(damaged.cure("fetch these files again"));
        }
        let lines = gates::lost_lines(gates, inventory, ledger);
        if lines > 0 {
            let what = format!("{} of the logs could not be parsed and may have shown a use", counted(lines, "line"));
            let mut unparsed = Missing::new("unparsed-lines", Verdict::LikelyUnused, what);
            for sample in ledger.unparsed_samples.iter().take(SAMPLES) {
                unparsed.samples.push(format!("{}:{}: {}", sample.file, sample.line, sample.reason));
            }
            missing.push(unparsed.cure(
                "give --log-format if the log has a custom format and no header line; else fetch these files again",
            ));
        }
        if ledger.may_be_filtered {
            let what = "the records came through a subscription or a stream, which may leave records out";
            missing.push(
                Missing::new("filtered-input", Verdict::LikelyUnused, what)
                    .cure("give logs that AWS delivered to S3 itself, or a CloudWatch Logs export"),
            );
        }
        missing
    }

    fn guesses(&self, (group, position): RuleKey, details: &Details) -> Option<Missing> {
        let records = self.analysis.attribution.tallies[group.0 as usize][position].assumed_replies;
        if records == 0 {
            return None;
        }
        let what = if records == 1 {
            "1 record is taken for a reply by a guess, and would have used it as a request".to_owned()
        } else {
            format!("{} records are taken for replies by a guess, and would have used it as requests", count(records))
        };
        let mut missing = Missing::new("guessed-replies", Verdict::LikelyUnused, what);
        for (ground, records) in Ground::ALL.into_iter().zip(details.set_aside).filter(|(_, records)| *records > 0) {
            missing.samples.push(format!("{} {}", count(records), guess(ground)));
        }
        let has_flags = self.analysis.rollup.table.rows().iter().any(|row| row.key.parts().opener.is_some());
        if !has_flags {
            missing = missing.cure("add ${tcp-flags} to the format of the flow log, so that TCP needs fewer guesses");
        }
        Some(missing.cure(
            "later records of a long connection, and UDP, never show who opened it: ask whether any of its hosts \
             serves these ports",
        ))
    }

    fn untracked(&self, (group, position): RuleKey) -> Option<Missing> {
        let records = self.analysis.attribution.tallies[group.0 as usize][position].untracked_answers;
        if records == 0 {
            return None;
        }
        let pass = if records == 1 { "1 record passes".to_owned() } else { format!("{} records pass", count(records)) };
        let what = format!("{pass} by it as replies of untracked connections");
        Some(Missing::new("untracked-answers", Verdict::LikelyUnused, what).cure(
            "without the rule new connections are tracked and need none for their replies, but open ones are cut at \
             once: if it goes, let it \
             go when that hurts nobody",
        ))
    }

    fn mirrored(&self, (group, position): RuleKey) -> Option<Missing> {
        let inventory = self.analysis.inventory;
        let group = inventory.group(group);
        if !inventory.may_serve_mirror_by_width(&group.rules[position], group) {
            return None;
        }
        let what = "it is wide enough for mirrored traffic (UDP 4789), which is filtered but not logged";
        Some(Missing::new("mirrored-traffic", Verdict::LikelyUnused, what).cure(format!(
            "add the output of {} in {} to the inventory; where a load balancer receives mirrored traffic, ask what \
             is behind it",
            aws(group, "describe-traffic-mirror-targets"),
            account_of(group)
        )))
    }
}

/// How many cases of one thing are told.
const SAMPLES: usize = 5;

fn guess(ground: Ground) -> &'static str {
    match ground {
        Ground::Flags => "by TCP flags and the address that all records of the interface share",
        Ground::Rules => "by rules and the address that all records of the interface share",
        Ground::Services => "because one side answered as a server elsewhere in these logs",
        Ground::NamedPorts => "because rules single out the port of one side",
        Ground::PortNumbers => "because of the numbers of the ports",
        Ground::FanIn => "because one port stays the same against many",
        Ground::Nothing => "because of the address that all records of the interface share",
    }
}

/// One decimal, rounded down: what falls short must not read as if it did not.
fn floor_days(seconds: i64) -> f64 {
    (seconds as f64 / 8640.0).floor() / 10.0
}

/// `30 days`, `1 day`, `2.5 days`.
fn days_in_words(days: f64) -> String {
    format!("{days} day{}", if days == 1.0 { "" } else { "s" })
}
