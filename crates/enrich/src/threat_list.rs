//! Which threat lists name an address.
//!
//! A list is text with one entry a line, in any of these shapes, also mixed:
//!
//! ```text
//! ; Spamhaus DROP                                a comment, as with #
//! 192.0.2.0/24 ; SBL000001                       an address or CIDR, with or without a comment
//! {"cidr":"192.0.2.0/24","sblid":"SBL000001","rir":"apnic"}
//! {"type":"metadata","timestamp":1772323200,"records":1}
//! ExitAddress 198.51.100.7 2026-03-01 00:00:00   a Tor exit; ExitNode, Published and LastStatus lines belong to it
//! ```
//!
//! Any other line is an error: a list whose publisher answered with a web page, or changed its shape, must not pass for
//! one that names nobody. For the same reason a file without any text is an error, while one of comments alone is a
//! list that names nobody today.
//!
//! Bits of a CIDR past its prefix are cut: `192.0.2.77/24` names all of 192.0.2.0/24, which is how firewalls read it. A
//! line for all addresses (`0.0.0.0/0`) is an error, since a list with it says nothing.

use crate::error::OpenError;
use crate::source_file::read_whole;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixSet;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

/// The largest public lists have a few hundred thousand entries, less than 10 MB.
const LIMIT_BYTES: u64 = 256 << 20;

/// How much of a bad line a message shows.
const SHOWN_CHARS: usize = 60;

/// All lists, by name.
#[derive(Debug, Default)]
pub(crate) struct ThreatLists {
    lists: BTreeMap<String, AddressList>,
}

#[derive(Debug, Default)]
struct AddressList {
    v4: PrefixSet<Ipv4Net>,
    v6: PrefixSet<Ipv6Net>,
}

impl ThreatLists {
    /// Adds the entries of a file to the list of this name.
    pub(crate) fn read(&mut self, name: &str, path: &Path) -> Result<(), OpenError> {
        if name.trim().is_empty() {
            return Err(OpenError::NamelessList { path: path.to_owned() });
        }
        let bytes = read_whole(path, LIMIT_BYTES)?;
        if bytes.trim_ascii().is_empty() {
            return Err(OpenError::EmptyList { path: path.to_owned() });
        }
        let list = self.lists.entry(name.trim().to_owned()).or_default();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            // Only comments hold anything but ASCII, and those are often Latin-1.
            let line = String::from_utf8_lossy(line);
            let entry = entry_of(&line).map_err(|bad| OpenError::ListLine {
                path: path.to_owned(),
                line: index + 1,
                problem: bad.problem,
                text: line.trim().chars().take(SHOWN_CHARS).collect(),
                cure: bad.cure,
            })?;
            match entry {
                Some(IpNet::V4(net)) => list.v4.insert(net),
                Some(IpNet::V6(net)) => list.v6.insert(net),
                None => continue,
            };
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The names of all lists that name this address, sorted.
    pub(crate) fn naming(&self, address: IpAddr) -> Vec<String> {
        let mut names = Vec::new();
        for (name, list) in &self.lists {
            let listed = match address {
                IpAddr::V4(v4) => list.v4.is_covered(&Ipv4Net::from(v4)),
                IpAddr::V6(v6) => list.v6.is_covered(&Ipv6Net::from(v6)),
            };
            if listed {
                names.push(name.clone());
            }
        }
        names
    }
}

/// Why a line is neither an entry nor a comment.
#[derive(Debug, PartialEq)]
struct BadLine {
    problem: &'static str,
    cure: &'static str,
}

const NOT_AN_ENTRY: BadLine = BadLine {
    problem: "neither an address nor a CIDR nor a comment",
    cure: "correct or remove the line, or put # before it",
};

const WEB_PAGE: BadLine = BadLine {
    problem: "a web page in place of a list",
    cure: "the publisher may have answered with an error page: look at the file and download the list again",
};

const NO_CIDR: BadLine = BadLine {
    problem: "JSON without a `cidr`",
    cure: "use a list of addresses, such as Spamhaus's drop_v4.json or drop_v6.json",
};

const EVERYBODY: BadLine =
    BadLine { problem: "a CIDR that names every address", cure: "remove the line, or check where the list is from" };

/// The words that begin the other lines of an entry in Tor's older format ("exit-addresses" of TorDNSEL).
const TOR_WORDS: [&str; 5] = ["ExitNode", "Published", "LastStatus", "Downloaded", "@type"];

/// A line of JSON as Spamhaus publishes them.
#[derive(Deserialize)]
struct JsonLine {
    cidr: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The network that a line names, if it names one.
fn entry_of(line: &str) -> Result<Option<IpNet>, BadLine> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.starts_with('<') {
        return Err(WEB_PAGE);
    }
    if line.starts_with('{') {
        return json_entry(line);
    }
    let uncommented = line.split(['#', ';']).next().unwrap_or_default();
    let mut words = uncommented.split_ascii_whitespace();
    let Some(word) = words.next() else { return Ok(None) };
    if TOR_WORDS.contains(&word) {
        return Ok(None);
    }
    if word == "ExitAddress" {
        // The rest is when it was measured.
        return network(words.next().unwrap_or_default()).map(Some);
    }
    if words.next().is_some() {
        return Err(NOT_AN_ENTRY);
    }
    network(word).map(Some)
}

fn json_entry(line: &str) -> Result<Option<IpNet>, BadLine> {
    let line: JsonLine = serde_json::from_str(line).map_err(|_| NOT_AN_ENTRY)?;
    match (line.cidr, line.kind.as_deref()) {
        (Some(cidr), _) => network(&cidr).map(Some),
        (None, Some("metadata")) => Ok(None),
        (None, _) => Err(NO_CIDR),
    }
}

fn network(text: &str) -> Result<IpNet, BadLine> {
    let net = match text.parse::<IpAddr>() {
        // Records are looked up by plain addresses, so a mapped one is listed as what it means.
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().map_err(|_| NOT_AN_ENTRY)?,
    };
    if net.prefix_len() == 0 {
        return Err(EVERYBODY);
    }
    Ok(net.trunc())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn read(files: &[(&str, &[u8])]) -> Result<ThreatLists, OpenError> {
        let folder = tempfile::tempdir().unwrap();
        let mut lists = ThreatLists::default();
        for (number, (name, content)) in files.iter().enumerate() {
            let path = folder.path().join(format!("list-{number}.txt"));
            std::fs::write(&path, content).unwrap();
            lists.read(name, &path)?;
        }
        Ok(lists)
    }

    fn naming(lists: &ThreatLists, address: &str) -> Vec<String> {
        lists.naming(address.parse().unwrap())
    }

    #[test]
    fn spamhaus_text() {
        let drop = b"; Spamhaus DROP List 2026/03/01\r\n; Expires: later\r\n\
            198.51.100.0/25 ; SBL000001\r\n192.0.2.64/26;SBL000002\r\n";
        let lists = read(&[("drop", drop)]).unwrap();
        assert_eq!(naming(&lists, "198.51.100.0"), ["drop"]);
        assert_eq!(naming(&lists, "198.51.100.127"), ["drop"]);
        assert!(naming(&lists, "198.51.100.128").is_empty());
        assert_eq!(naming(&lists, "192.0.2.127"), ["drop"]);
        assert!(naming(&lists, "192.0.2.63").is_empty());
    }

    #[test]
    fn spamhaus_json_lines() {
        let drop = br#"{"cidr":"198.51.100.0/25","sblid":"SBL000001","rir":"apnic"}
{"cidr":"2001:db8:bad::/48","sblid":"SBL000002","rir":"ripencc"}
{"type":"metadata","timestamp":1772323200,"size":141,"records":2,"copyright":"(c) # ;","terms":"x"}
"#;
        let lists = read(&[("drop", drop)]).unwrap();
        assert_eq!(naming(&lists, "198.51.100.5"), ["drop"]);
        assert_eq!(naming(&lists, "2001:db8:bad:1::5"), ["drop"]);
        assert!(naming(&lists, "2001:db8:bae::5").is_empty());
    }

    #[test]
    fn tor_exits_in_both_formats() {
        let older = b"ExitNode 0123456789ABCDEF0123456789ABCDEF01234567\nPublished 2026-03-01 01:02:03\n\
            LastStatus 2026-03-01 02:00:00\nExitAddress 198.51.100.7 2026-03-01 02:03:04\n";
        let lists = read(&[("old", older), ("new", b"198.51.100.7\n2001:db8::7")]).unwrap();
        assert_eq!(naming(&lists, "198.51.100.7"), ["new", "old"]);
        assert_eq!(naming(&lists, "2001:db8::7"), ["new"]);
        assert!(naming(&lists, "198.51.100.8").is_empty());
    }

    #[test]
    fn emerging_threats() {
        let list = b"# Block lists\n\n#\n198.51.100.7\n203.0.113.128/30 # botnet\n  192.0.2.1\t\n";
        let lists = read(&[("et", list)]).unwrap();
        for listed in ["198.51.100.7", "203.0.113.128", "203.0.113.131", "192.0.2.1"] {
            assert_eq!(naming(&lists, listed), ["et"], "{listed}");
        }
        assert!(naming(&lists, "203.0.113.132").is_empty());
    }

    #[test]
    fn names_are_sorted_each_once_and_files_of_one_name_are_one_list() {
        let lists = read(&[
            ("b", b"192.0.2.0/24"),
            ("a", b"192.0.2.1"),
            ("b", b"192.0.2.1\n2001:db8::1"),
            (" b ", b"192.0.2.0/25"),
        ])
        .unwrap();
        assert_eq!(naming(&lists, "192.0.2.1"), ["a", "b"]);
        assert_eq!(naming(&lists, "2001:db8::1"), ["b"]);
    }

    #[test]
    fn host_bits_are_cut_and_mapped_addresses_are_ipv4() {
        let lists =
            read(&[("x", b"192.0.2.77/24\n2001:db8::1/64\n::ffff:198.51.100.9\n\xef\xbb\xbf203.0.113.1")]).unwrap();
        for listed in ["192.0.2.1", "2001:db8::ffff", "198.51.100.9", "203.0.113.1"] {
            assert_eq!(naming(&lists, listed), ["x"], "{listed}");
        }
    }

    #[test]
    fn comments_alone_are_a_list_that_names_nobody() {
        let lists = read(&[("x", b"# nobody today; \xe9\n")]).unwrap();
        assert!(!lists.is_empty());
        assert!(naming(&lists, "192.0.2.1").is_empty());
    }

    #[test]
    fn bad_lines_are_named_with_their_number_and_the_cure() {
        let bad: [(&[u8], usize, &str); 15] = [
            (b"192.0.2.1\nexample.org\n", 2, "correct or remove"),
            (b"192.0.2.1 192.0.2.2", 1, "correct or remove"),
            (b"192.0.2.1\n\n192.0.2.256", 3, "correct or remove"),
            (b"192.0.2.0/33", 1, "correct or remove"),
            (b"192.0.2.0/-1", 1, "correct or remove"),
            (b"192.0.2.0/255.255.255.0", 1, "correct or remove"),
            (b"192.0.2", 1, "correct or remove"),
            (b"<!DOCTYPE html><html>", 1, "download the list again"),
            (b"\n  <html lang=en>", 2, "download the list again"),
            (b"0.0.0.0/0", 1, "remove the line"),
            (b"1.2.3.4/0", 1, "remove the line"),
            (br#"{"asn":64496,"rir":"arin"}"#, 1, "drop_v4.json"),
            (br#"{"cidr":"nonsense"}"#, 1, "correct or remove"),
            (br#"{"cidr":"192.0.2.0/24""#, 1, "correct or remove"),
            (b"ExitAddress", 1, "correct or remove"),
        ];
        for (content, expected_line, expected_cure) in bad {
            let shown = String::from_utf8_lossy(content);
            let error = read(&[("x", content)]).unwrap_err();
            let OpenError::ListLine { line, .. } = error else { panic!("{shown}: {error}") };
            assert_eq!(line, expected_line, "{shown}");
            let message = error.to_string();
            assert!(message.contains("list-0.txt:") && message.contains(expected_cure), "{message}");
        }
    }

    #[test]
    fn a_long_bad_line_is_shown_by_its_beginning() {
        let message = read(&[("x", &[b'x'; 100_000])]).unwrap_err().to_string();
        assert!(message.len() < 300, "{}", message.len());
    }

    #[test]
    fn an_empty_file_or_name_is_an_error() {
        for content in [&b""[..], b" \r\n\n"] {
            assert!(matches!(read(&[("x", content)]).unwrap_err(), OpenError::EmptyList { .. }));
        }
        assert!(matches!(read(&[(" ", b"192.0.2.1")]).unwrap_err(), OpenError::NamelessList { .. }));
    }
}
