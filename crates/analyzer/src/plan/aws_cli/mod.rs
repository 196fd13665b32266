//! A plan as a script for the AWS CLI, and the script that takes it back.
//!
//! A script is bash, of any version since 3.2. It checks that the credentials are for the account and that the rules still are
//! what was analysed, and only then changes anything: new rules come before old ones go. It can be run again after it was
//! stopped, for what is done already is noted and passed over. The functions that do this are the `.sh` files beside this one, and
//! hold nothing of any account; what does, is quoted by `permission::quoted`.
//!
//! - `steps`: what comes and goes in which order, within AWS's quota;
//! - `permission`: one rule in the words of the EC2 API;
//! - `sections`: which groups are changed with the credentials of which account;
//! - `check`: what must still be as it was.

mod check;
mod permission;
mod sections;
mod steps;

use super::model::{GroupPlan, Plan};
use crate::report::printable::printable;
use crate::report::wording::counted;
use inventory::Rule;
use permission::{direction, quoted, tags, to_authorize, to_revoke, words};
use sections::sections;
use std::fmt::Write;
use steps::{QUOTA, Step, Steps, backward, forward};

const OPENING: &str = include_str!("opening.sh");
const CALLER: &str = include_str!("caller.sh");
const CHANGE: &str = include_str!("change.sh");
const REVOKE: &str = include_str!("revoke.sh");
const REVOKE_LIKE: &str = include_str!("revoke_like.sh");
const CHECK: &str = include_str!("check.sh");

/// The script that makes the change.
pub fn script(plan: &Plan) -> String {
    written(plan, Way::Forward)
}

/// The script that takes it back. The former rules get their content, description and tags back; their ids are new.
pub fn undo_script(plan: &Plan) -> String {
    written(plan, Way::Back)
}

/// The bare commands for one group, to be copied, a line for each: additions first, then revocations. One that fails is the last: nothing
/// is revoked for want of what was to come in its place.
pub fn commands(group: &GroupPlan) -> String {
    let mut lines: Vec<String> = Vec::new();
    let region = group.region.as_deref().map(|region| format!(" --region {}", quoted(region))).unwrap_or_default();
    let group_id = quoted(&group.group_id);
    for step in forward(group).steps {
        match step {
            Step::Add { rule, .. } => {
                let way = direction(rule.direction);
                let permissions = quoted(&to_authorize(rule));
                let mut line = format!(
                    "aws ec2 authorize-security-group-{way}{region} --group-id {group_id} --ip-permissions {permissions}"
                );
                if let Some(tags) = tags(rule) {
                    let _ = write!(line, " --tag-specifications {}", quoted(&tags));
                }
                lines.push(line);
            }
            Step::Revoke(rules) => {
                let (with_id, without): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| rule.has_own_id());
                let mut revoke = |rule: &Rule, what: &str| {
                    let way = direction(rule.direction);
                    lines.push(format!("aws ec2 revoke-security-group-{way}{region} --group-id {group_id} {what}"));
                };
                if let Some(first) = with_id.first() {
                    revoke(first, &format!("--security-group-rule-ids {}", ids(&with_id)));
                }
                for rule in without {
                    revoke(rule, &format!("--ip-permissions {}", quoted(&to_revoke(rule))));
                }
            }
        }
    }
    let mut text = lines.join(" &&\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Which of the two scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

fn written(plan: &Plan, way: Way) -> String {
    let sections = sections(plan);
    let mut text = header(plan, way);
    text.push_str(&usage(way));
    text.push_str(OPENING);
    if plan.is_empty() {
        text.push_str("\nsay 'There is nothing to change.'\n");
        return text;
    }
    let accounts = sections.iter().filter(|section| !section.account.is_empty()).count();
    if accounts > 0 {
        push_part(&mut text, CALLER);
    }
    push_part(&mut text, CHANGE);
    match way {
        Way::Forward => {
            push_part(&mut text, REVOKE);
            push_part(&mut text, REVOKE_LIKE);
            push_part(&mut text, CHECK);
        }
        Way::Back => {
            text.push_str("\ngo_on=yes\n");
            push_part(&mut text, REVOKE_LIKE);
        }
    }
    text.push('\n');
    text.push_str(&sections::caller_check(&sections));
    if way == Way::Forward {
        for section in &sections {
            let lines = check::expectations(section);
            text.push_str(&section.guarded(&lines, accounts));
        }
        text.push_str("settle\n");
    }
    for section in &sections {
        let mut lines = String::new();
        for group in &section.groups {
            lines.push_str(&change(plan, group, way));
        }
        text.push_str(&section.guarded(&lines, accounts));
    }
    text.push_str(&sections::parting(&sections));
    text
}

fn push_part(text: &mut String, part: &str) {
    text.push('\n');
    text.push_str(part);
}

/// What the script is, in comments, up to where commands begin.
fn header(plan: &Plan, way: Way) -> String {
    let groups = counted(plan.groups.len() as u64, "security group");
    let old: usize = plan.groups.iter().map(|group| group.removals.len() + group.replacements.len()).sum();
    let new: usize = plan.groups.iter().map(|group| group.additions().count()).sum();
    let (old, new) = (counted(old as u64, "rule"), counted(new as u64, "rule"));
    let mut text = format!("#!/usr/bin/env bash\n# Made by sg-audit {}.\n#\n", env!("CARGO_PKG_VERSION"));
    let story = match way {
        Way::Forward => format!(
            "# Changes {groups}: {new} to add, {old} to revoke, for lack of use or for others in their place.\n\
             # Before it changes anything it checks that what it is about to revoke still is what was analysed. Rules come\n\
             # before those go in whose place they are. It may be run again after it was stopped.\n\
             # To take it back: the script beside it whose name ends in -undo.sh.\n"
        ),
        Way::Back => format!(
            "# Takes a change of {groups} back: {old} to add again, {new} to revoke.\n\
             # The former rules come back first, with their descriptions and tags, but AWS gives them new ids; tags whose keys\n\
             # begin with aws: only AWS can give, and tags of rules without an id in the inventory are not known. Rules that were\n\
             # gone before the change come back, too. The new rules go by their content, and so does one of the same content\n\
             # that somebody made after the analysis. It may be run again after it was stopped.\n"
        ),
    };
    text.push_str(&story);
    text.push_str(
        "#\n\
         # With --dry-run it asks AWS whether it would be allowed to, and changes nothing. Profile and credentials come from\n\
         # the environment, and so does the region of groups whose region is not known.\n\
         # Permissions: ec2:DescribeSecurityGroupRules, ec2:AuthorizeSecurityGroupIngress, ec2:AuthorizeSecurityGroupEgress,\n\
         # ec2:RevokeSecurityGroupIngress, ec2:RevokeSecurityGroupEgress, and ec2:CreateTags for rules with tags.\n",
    );
    for group in &plan.groups {
        for (direction, rules) in steps_of(group, way).too_full {
            let _ = writeln!(
                text,
                "#\n# {} holds {rules} {} rules at its fullest, more than the default quota of {QUOTA}.",
                printable(&group.group_id),
                permission::way(direction)
            );
        }
    }
    text.push_str("#\n# Descriptions are not meant to be expanded:\n# shellcheck disable=SC2016\nset -euo pipefail\n");
    text
}

fn usage(way: Way) -> String {
    let (what, to_take_back) = match way {
        Way::Forward => (
            "Adds and revokes security group rules as planned; see the comments at its beginning.",
            "to take back what was done, run the script whose name ends in -undo.sh; to go on, run this one again",
        ),
        Way::Back => (
            "Takes a planned change of security group rules back; see the comments at its beginning.",
            "to go on, run this script again",
        ),
    };
    format!(
        "\nto_take_back='{to_take_back}'\n\n\
         usage() {{\n  cat <<'END'\nusage: bash SCRIPT [--dry-run]\n\n{what}\n\n  \
         --dry-run   let AWS say whether each call would be allowed, and change nothing\n  \
         --help      print this\nEND\n}}\n\n"
    )
}

fn steps_of(group: &GroupPlan, way: Way) -> Steps<'_> {
    match way {
        Way::Forward => forward(group),
        Way::Back => backward(group),
    }
}

/// The calls for one group, with what they are for in comments.
fn change(plan: &Plan, group: &GroupPlan, way: Way) -> String {
    let mut text = format!("\n# {}\n", title(group));
    if way == Way::Forward {
        text.push_str(&reasons(group));
        for warning in plan.warnings.iter().filter(|warning| warning.group_id == group.group_id) {
            let _ = writeln!(text, "#   note: {}", printable(&warning.text));
        }
    }
    let name = if group.group_name.is_empty() { String::new() } else { format!(" ({})", group.group_name) };
    let _ = writeln!(text, "say {}", quoted(&format!("{}{name}:", group.group_id)));
    let place = format!("{} {}", quoted(group.region.as_deref().unwrap_or_default()), quoted(&group.group_id));
    for step in steps_of(group, way).steps {
        match step {
            Step::Add { rule, in_place_of } => {
                let way = direction(rule.direction);
                let (what, permissions) = (quoted(&words(rule)), quoted(&to_authorize(rule)));
                let tags = quoted(&tags(rule).unwrap_or_default());
                let _ = write!(text, "add {way} {place} {what} {permissions} {tags}");
                if !in_place_of.is_empty() {
                    let _ = write!(text, " {}", ids(&in_place_of));
                }
                text.push('\n');
            }
            Step::Revoke(rules) => revocations(&mut text, &place, &rules, way),
        }
    }
    text
}

fn revocations(text: &mut String, place: &str, rules: &[&Rule], way: Way) {
    let goes_by_id = |rule: &&&Rule| way == Way::Forward && rule.has_own_id();
    let by_id: Vec<&Rule> = rules.iter().filter(goes_by_id).copied().collect();
    if let Some(first) = by_id.first() {
        let _ = writeln!(text, "revoke {} {place} {}", direction(first.direction), ids(&by_id));
    }
    for rule in rules.iter().filter(|rule| !goes_by_id(rule)) {
        let (what, permissions) = (quoted(&words(rule)), quoted(&to_revoke(rule)));
        let _ = write!(text, "revoke_like {} {place} {what} {permissions}", direction(rule.direction));
        if way == Way::Forward {
            let _ = write!(text, " {}", quoted(&rule.id));
        }
        text.push('\n');
    }
}

/// `sg-1 "web" in vpc-1, us-east-1`
fn title(group: &GroupPlan) -> String {
    let mut title = printable(&group.group_id).into_owned();
    if !group.group_name.is_empty() {
        let _ = write!(title, " \"{}\"", printable(&group.group_name));
    }
    let places: Vec<&str> = [group.vpc_id.as_str(), group.region.as_deref().unwrap_or_default()]
        .into_iter()
        .filter(|place| !place.is_empty())
        .collect();
    if !places.is_empty() {
        let _ = write!(title, " in {}", printable(&places.join(", ")));
    }
    title
}

/// What goes and why, in comments.
fn reasons(group: &GroupPlan) -> String {
    let mut text = String::new();
    for removal in &group.removals {
        let (id, reason) = (printable(&removal.rule.id), printable(&removal.reason));
        let _ = writeln!(text, "#   {id} {}: {}: {reason}", words(&removal.rule), removal.verdict.name());
    }
    for replacement in &group.replacements {
        let instead: Vec<String> = replacement.by.iter().chain(&replacement.shared).map(words).collect();
        let id = printable(&replacement.rule.id);
        let _ = writeln!(text, "#   {id} {}: instead {}", words(&replacement.rule), instead.join("; "));
    }
    text
}

/// The ids of rules, each one word.
fn ids(rules: &[&Rule]) -> String {
    let words: Vec<String> = rules.iter().map(|rule| quoted(&rule.id)).collect();
    words.join(" ")
}
