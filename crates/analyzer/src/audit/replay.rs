//! `sg-audit replay`: what changed rules would have denied.

use super::{Done, load_inventory, not_written, read, strict};
use crate::cli::Exit;
use crate::cli::destination::{is_closed_pipe, write_results};
use crate::cli::message::Message;
use crate::cli::replay::ReplayOptions;
use crate::cli::terminal::style_of_output;
use crate::cli::values::TellFormat;
use crate::replay::table::Names;
use crate::replay::{json, replay as replayed, table};
use crate::rollup::{KeptPorts, Slice};
use inventory::{GroupIx, Inventory, Proposal};

/// Runs the command.
pub fn replay(options: &ReplayOptions) -> Done {
    let loaded = load_inventory(&options.inventory, &options.input)?;
    let inventory = &loaded.inventory;
    let proposal = Proposal::load(&options.proposed, inventory)
        .map_err(|error| Box::new(Message::error("the proposed groups cannot be read").caused_by(error.to_string())))?;
    nothing_known(&proposal, inventory)?;
    if !options.input.quiet {
        for warning in warnings(&proposal, inventory) {
            warning.print();
        }
    }

    // What only the new rules single out has to be told apart, too.
    let kept_ports = KeptPorts::new(inventory.kept_ports().into_iter().chain(proposal.kept_ports()));
    let scanned = read(&options.input, Slice::Hour, kept_ports)?;
    let outcome = replayed(&scanned.rollup, inventory, &proposal, options.input.threads);
    let ledger = scanned.rollup.ledger.clone();
    // The rows are no longer needed, and giving back millions of them takes longer than ending does.
    std::mem::forget(scanned);

    let out = options.out.as_deref();
    let names = Names { inventory, proposal: &proposal, ledger: &ledger };
    let written = write_results(out, |to| match options.output {
        TellFormat::Table => table::write(&outcome, names, style_of_output(out.is_some()), to),
        TellFormat::Json => json::write(&outcome, &ledger, to),
    });
    match written {
        Ok(()) => {}
        Err(error) if is_closed_pipe(&error) => {}
        Err(error) => return Err(not_written(out, &error)),
    }
    if options.input.strict && ledger.incomplete() {
        return Err(strict());
    }
    Ok(if outcome.denied.is_empty() { Exit::Fine } else { Exit::FailOn })
}

/// A replay of nothing would look like a proof.
fn nothing_known(proposal: &Proposal, inventory: &Inventory) -> Result<(), Box<Message>> {
    let is_known = |group: &GroupIx| inventory.group(*group).rules_known;
    let names_none = proposal.groups.is_empty() && proposal.unknown_groups.is_empty();
    if names_none || proposal.groups.keys().any(is_known) {
        return Ok(());
    }
    let unlisted = proposal.groups.keys().map(|group| inventory.group(*group).id.as_str());
    let groups: Vec<&str> = proposal.unknown_groups.iter().map(String::as_str).chain(unlisted).collect();
    let with = if proposal.groups.is_empty() { "" } else { " with its rules" };
    let what = format!("none of the proposed groups is in the inventory{with}: {}", groups.join(", "));
    Err(Box::new(
        Message::error(what)
            .hint("check their ids, and that --inventory holds the account and region that they are in"),
    ))
}

/// What keeps the replay from judging all of the proposal.
fn warnings(proposal: &Proposal, inventory: &Inventory) -> Vec<Message> {
    let mut warnings = Vec::new();
    for id in &proposal.unknown_groups {
        let what = format!("group {id} is not in the inventory, so its rules are not replayed");
        let cure = "if it exists already, add the output of `aws ec2 describe-security-groups` and of `aws ec2 \
                    describe-network-interfaces` of its account and region to the inventory";
        warnings.push(Message::warning(what).hint(cure));
    }
    for group in proposal.groups.keys().map(|group| inventory.group(*group)) {
        if !group.rules_known {
            let what = format!(
                "the inventory does not list the rules of group {}, so what it would lose is not known",
                group.id
            );
            let cure = "add the output of `aws ec2 describe-security-groups` to the inventory";
            warnings.push(Message::warning(what).hint(cure));
        }
    }
    for (rule, missing) in proposal.unresolved(inventory) {
        let group = &inventory.group(rule.group).id;
        let what =
            format!("whom a new rule of group {group} means by {} is not known, so it surely allows nobody", rule.peer);
        warnings.push(Message::warning(what).caused_by(missing));
    }
    warnings
}
