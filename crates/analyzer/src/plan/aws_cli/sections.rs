//! Which groups are changed with the credentials of which account.

use super::permission::quoted;
use crate::plan::model::{GroupPlan, Plan};
use crate::report::wording::counted;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The groups of one account.
pub(super) struct Section<'a> {
    /// The account; "" where it is not known, which is then that of the credentials.
    pub account: &'a str,
    /// Sorted by id.
    pub groups: Vec<&'a GroupPlan>,
}

/// One for each account, sorted; that of no known account is the last.
///
/// Groups of no known account are taken to be of the only account, where all others have the same.
pub(super) fn sections(plan: &Plan) -> Vec<Section<'_>> {
    let mut by_account: BTreeMap<&str, Vec<&GroupPlan>> = BTreeMap::new();
    let mut without = Vec::new();
    for group in &plan.groups {
        if group.owner_id.is_empty() {
            without.push(group);
        } else {
            by_account.entry(&group.owner_id).or_default().push(group);
        }
    }
    let mut sections: Vec<Section> =
        by_account.into_iter().map(|(account, groups)| Section { account, groups }).collect();
    if let [only] = sections.as_mut_slice() {
        only.groups.append(&mut without);
        only.groups.sort_by(|left, right| left.group_id.cmp(&right.group_id));
    }
    if !without.is_empty() {
        sections.push(Section { account: "", groups: without });
    }
    sections
}

impl Section<'_> {
    /// Lines that are run if the credentials are for this account; as they are if there is but one account, for then the script
    /// was stopped before if they are not.
    pub(super) fn guarded(&self, lines: &str, accounts: usize) -> String {
        if accounts < 2 || self.account.is_empty() {
            return format!("{lines}\n");
        }
        let mut text = format!("\nif [[ $caller == {} ]]; then\n", quoted(self.account));
        for line in lines.trim_matches('\n').lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            let _ = writeln!(text, "{indent}{line}");
        }
        text.push_str("fi\n");
        text
    }
}

/// Finds out whose credentials these are, and stops if there is nothing to do for them.
pub(super) fn caller_check(sections: &[Section]) -> String {
    let known: Vec<&Section> = sections.iter().filter(|section| !section.account.is_empty()).collect();
    if known.is_empty() {
        return String::new();
    }
    let region = sections.iter().flat_map(|section| &section.groups).find_map(|group| group.region.as_deref());
    let mut text = format!("ask_caller {}\n", quoted(region.unwrap_or_default()));
    if let [only] = known.as_slice() {
        let account = quoted(only.account);
        let _ = writeln!(
            text,
            "if [[ $caller != {account} ]]; then\n  \
             stop \"the groups belong to another account than $caller, which the credentials are for; nothing was changed; \
             use those of \"{account}\n\
             fi"
        );
        return text;
    }
    text.push_str("mine=0\n");
    for section in sections {
        let groups = counted(section.groups.len() as u64, "group");
        if section.account.is_empty() {
            let told = quoted(&format!("{groups} of no known account: taken to belong to the credentials"));
            let _ = writeln!(text, "mine=$((mine + 1))\nsay {told}");
            continue;
        }
        let account = quoted(section.account);
        let told =
            quoted(&format!("account {}: left out ({groups}), for the credentials are for account", section.account));
        let _ = writeln!(
            text,
            "if [[ $caller == {account} ]]; then\n  mine=$((mine + 1))\nelse\n  say {told}\" $caller\"\nfi"
        );
    }
    text.push_str(
        "if [[ $mine -eq 0 ]]; then\n  stop \"no group belongs to account $caller; nothing was changed\"\nfi\n",
    );
    text
}

/// What was not done, said at the end.
pub(super) fn parting(sections: &[Section]) -> String {
    let known = sections.iter().filter(|section| !section.account.is_empty()).count();
    if known < 2 {
        return String::new();
    }
    "\nsay \"account $caller: done; for the other accounts run this script again, with their credentials\"\n".to_owned()
}
