//! What a reader of the results should know about the inventory: assumptions that were made and oddities met.

/// One sentence for the reader of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// A sentence, with the cure where there is one.
    pub text: String,
}

/// What a [`Note`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// An assumption: a snapshot without a date is taken to hold all the time.
    UndatedSnapshot,
    /// An assumption: a snapshot without a date is taken as the latest beside dated ones.
    UndatedCountsAsLatest,
    /// An assumption: the ranges of a VPC were guessed from its subnets, or taken to be all private addresses.
    GuessedVpcRanges,
    /// An assumption: whether an interface receives mirrored traffic is not known.
    MirrorTargetsUnread,
    /// No `NetworkInterfaces` at all: nothing is known of what carries which group.
    LacksInterfaces,
    /// A list was cut (`NextToken`): what is missing in it may exist.
    Truncated,
    /// The same thing is listed twice in one snapshot, differently.
    Conflicting,
    /// An interface carries groups whose rules were not read.
    UnknownGroups,
    /// A time could not be read.
    UnreadTime,
}

impl NoteKind {
    /// Kebab-case name, as the report's `assumptions` use it.
    pub fn id(self) -> &'static str {
        match self {
            NoteKind::UndatedSnapshot => "undated-snapshot",
            NoteKind::UndatedCountsAsLatest => "undated-counts-as-latest",
            NoteKind::GuessedVpcRanges => "guessed-vpc-ranges",
            NoteKind::MirrorTargetsUnread => "mirror-targets-unread",
            NoteKind::LacksInterfaces => "lacks-interfaces",
            NoteKind::Truncated => "truncated-list",
            NoteKind::Conflicting => "conflicting-items",
            NoteKind::UnknownGroups => "unknown-groups",
            NoteKind::UnreadTime => "unread-time",
        }
    }

    /// Whether it belongs among a report's assumptions; otherwise it is a warning.
    pub fn is_assumption(self) -> bool {
        matches!(
            self,
            NoteKind::UndatedSnapshot
                | NoteKind::UndatedCountsAsLatest
                | NoteKind::GuessedVpcRanges
                | NoteKind::MirrorTargetsUnread
        )
    }
}
