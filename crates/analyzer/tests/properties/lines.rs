//! A line that does not parse never makes a rule unused that was not.

use crate::chance::Chance;
use crate::logs::is_whole;
use crate::network::{Network, assert_none};

/// What happens to a line.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// Stray bytes stand before it.
    Garbage,
    /// Part of it stands there once more.
    Repeated,
    /// It ends early.
    Cut,
    /// Its beginning is lost.
    Beheaded,
    /// It ends early, and the next line follows without a break.
    GrownTogether,
    /// One of its fields is no number and no address.
    Spoilt,
}

const DAMAGES: &[Damage] = &[
    Damage::Garbage,
    Damage::Repeated,
    Damage::Cut,
    Damage::Cut,
    Damage::Beheaded,
    Damage::GrownTogether,
    Damage::Spoilt,
];

impl Damage {
    /// What stands in the object instead of two lines that follow each other.
    fn apply(self, line: &[u8], next: &[u8], chance: &mut Chance) -> Vec<Vec<u8>> {
        let cut = chance.below(1..line.len());
        match self {
            Damage::Garbage => {
                let mut garbage: Vec<u8> = (0..chance.below(1..300)).map(|_| chance.below(0..256) as u8).collect();
                garbage.retain(|byte| *byte != b'\n' && *byte != b'\r');
                garbage.push(b'?');
                vec![garbage, line.to_vec(), next.to_vec()]
            }
            Damage::Repeated => vec![line.to_vec(), line[..cut].to_vec(), next.to_vec()],
            Damage::Cut => vec![line[..cut].to_vec(), next.to_vec()],
            Damage::Beheaded => vec![line[cut..].to_vec(), next.to_vec()],
            Damage::GrownTogether => vec![[&line[..cut], next].concat()],
            Damage::Spoilt => {
                let mut fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
                let spoilt = chance.below(0..fields.len());
                fields[spoilt] = b"99999999999999999999.z";
                vec![fields.join(&b' '), next.to_vec()]
            }
        }
    }
}

#[test]
fn a_broken_line_proves_nothing() {
    let (mut found, mut tried) = (Vec::new(), 0);
    for network in Network::all(1..=4) {
        let mut chance = Chance::new(tried as u64 + 2);
        for _ in 0..16 {
            let mut files = network.files.clone();
            let mut told = String::new();
            for _ in 0..*chance.pick(&[1, 1, 1, 4]) {
                let file = &mut files[chance.below(0..network.files.len())];
                let records: Vec<usize> = (1..file.lines.len())
                    .map(|next| next - 1)
                    .filter(|&line| is_whole(file, &file.lines[line]))
                    .collect();
                if records.is_empty() {
                    continue;
                }
                let at = *chance.pick(&records);
                let damage = *chance.pick(DAMAGES);
                let changed = damage.apply(&file.lines[at], &file.lines[at + 1], &mut chance);
                told = format!("{told}{damage:?} at {}:{}, now {}; ", file.name, at + 2, changed[0].escape_ascii());
                file.lines.splice(at..at + 2, changed);
            }
            let report = network.with_files(&files);
            tried += 1;
            found.extend(network.newly_unused(&told, &report));
        }
    }
    assert_none(&found, tried);
}
