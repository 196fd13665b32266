//! Why an inventory could not be loaded, with the file, the place in it, and the cure.

use crate::document::TOP_LEVEL_KEYS;
use std::path::PathBuf;

/// The commands whose output makes a whole inventory, for messages.
pub(crate) const COMMANDS: &str = "`aws ec2 describe-network-interfaces`, `aws ec2 describe-security-groups`, \
     `aws ec2 describe-security-group-rules`, `aws ec2 describe-vpcs` and `aws ec2 describe-subnets`";

/// Why loading failed. Nothing is loaded in part: an item that cannot be read might be the one that a rule needs.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No path was given at all.
    #[error("no inventory was given; name a file or folder with the output of {COMMANDS}")]
    NothingGiven,
    /// The file or folder is missing or may not be read.
    #[error("cannot read inventory {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A folder without any `*.json` in it.
    #[error("inventory folder {} holds no .json file; save the output of {COMMANDS} there", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The text is not JSON.
    #[error("inventory {} is not JSON: {reason}; save the output of `aws ec2 describe-* --output json`", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
        /// One-based line.
        line: usize,
        /// Column as `serde_json` counts it.
        column: usize,
    },
    /// JSON whose known keys hold something else than AWS prints.
    #[error("inventory {} has not the shape that `aws ec2 describe-*` prints: {reason}; save its output unchanged, without --query", path.display())]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
        /// One-based line.
        line: usize,
        /// Column as `serde_json` counts it.
        column: usize,
    },
    /// JSON without any key of an inventory.
    #[error("{} is JSON but not an inventory: it has no key {TOP_LEVEL_KEYS}; save the output of {COMMANDS}, without --query", path.display())]
    NotInventory {
        /// The file.
        path: PathBuf,
    },
    /// One item of a list cannot be used.
    #[error("inventory {}: {item} {problem}; run the command again and save its output unchanged", path.display())]
    Item {
        /// The file.
        path: PathBuf,
        /// Key and index, such as `NetworkInterfaces[3]`.
        item: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A plan: its rules do not exist.
    #[error(
        "{} is a plan, not an inventory: its rules do not exist yet, and none may be judged by them; leave it out here, and give it to \
         `sg-audit replay --proposed`",
        path.display()
    )]
    Plan {
        /// The file.
        path: PathBuf,
    },
    /// What is proposed for a group cannot be told.
    #[error("proposal {}: {problem}", path.display())]
    Proposal {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the group and the cure.
        problem: String,
    },
    /// Nothing that was read has rules.
    #[error(
        "the inventory lacks security groups: no file has SecurityGroups or SecurityGroupRules; add the output of \
         `aws ec2 describe-security-groups`"
    )]
    LacksGroups,
}
