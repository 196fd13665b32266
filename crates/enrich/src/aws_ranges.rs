//! Which AWS service an address belongs to, from `ip-ranges.json`.
//!
//! The AWS documentation, "AWS IP address ranges" (VPC User Guide), tells the shape: `prefixes` with `ip_prefix` and
//! `ipv6_prefixes` with `ipv6_prefix`, each with `region`, `service` and `network_border_group`. `AMAZON` is the name
//! for all ranges of AWS, so every range of another service is in the file once more as `AMAZON`, and ranges of
//! services that run on instances once more as `EC2`.

use crate::error::OpenError;
use crate::source_file::read_whole;
use ipnet::{Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use prefix_trie::map::Entry;
use serde::Deserialize;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::path::Path;

/// The file is about 2 MB.
const LIMIT_BYTES: u64 = 256 << 20;

/// All ranges, for the longest prefix.
#[derive(Debug)]
pub(crate) struct AwsRanges {
    v4: PrefixMap<Ipv4Net, AwsRange>,
    v6: PrefixMap<Ipv6Net, AwsRange>,
}

/// The one service that an address is said to belong to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AwsRange {
    pub(crate) service: String,
    pub(crate) region: String,
}

impl AwsRange {
    /// Less is better, where one prefix is listed for several services: `AMAZON` says least, `EC2` little more, and of
    /// the rest (an address of Route 53's health checks is one of EC2 too) the alphabet decides, so that the order in
    /// the file does not. Likewise a region says more than `GLOBAL`.
    fn compare(&self, other: &AwsRange) -> Ordering {
        fn rank(range: &AwsRange) -> (u8, &str, bool, &str) {
            let generality = match range.service.as_str() {
                "AMAZON" => 2,
                "EC2" => 1,
                _ => 0,
            };
            (generality, &range.service, range.region == "GLOBAL", &range.region)
        }
        rank(self).cmp(&rank(other))
    }
}

#[derive(Deserialize)]
struct File {
    prefixes: Vec<V4>,
    #[serde(default)]
    ipv6_prefixes: Vec<V6>,
}

#[derive(Deserialize)]
struct V4 {
    ip_prefix: Ipv4Net,
    #[serde(flatten)]
    range: Range,
}

#[derive(Deserialize)]
struct V6 {
    ipv6_prefix: Ipv6Net,
    #[serde(flatten)]
    range: Range,
}

#[derive(Deserialize)]
struct Range {
    service: String,
    region: String,
}

impl AwsRanges {
    pub(crate) fn open(path: &Path) -> Result<AwsRanges, OpenError> {
        let bytes = read_whole(path, LIMIT_BYTES)?;
        AwsRanges::from_json(&bytes).map_err(|reason| OpenError::NotIpRanges { path: path.to_owned(), reason })
    }

    fn from_json(bytes: &[u8]) -> Result<AwsRanges, String> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if file.prefixes.is_empty() && file.ipv6_prefixes.is_empty() {
            return Err("it lists no prefix".to_owned());
        }
        let mut ranges = AwsRanges { v4: PrefixMap::new(), v6: PrefixMap::new() };
        for V4 { ip_prefix, range } in file.prefixes {
            keep_best(ranges.v4.entry(ip_prefix.trunc()), range.checked(&ip_prefix)?);
        }
        for V6 { ipv6_prefix, range } in file.ipv6_prefixes {
            keep_best(ranges.v6.entry(ipv6_prefix.trunc()), range.checked(&ipv6_prefix)?);
        }
        Ok(ranges)
    }

    /// The range with the longest prefix around this address.
    pub(crate) fn find(&self, address: IpAddr) -> Option<&AwsRange> {
        match address {
            IpAddr::V4(v4) => self.v4.get_lpm(&Ipv4Net::from(v4)).map(|(_, range)| range),
            IpAddr::V6(v6) => self.v6.get_lpm(&Ipv6Net::from(v6)).map(|(_, range)| range),
        }
    }
}

impl Range {
    fn checked(self, prefix: &impl std::fmt::Display) -> Result<AwsRange, String> {
        if self.service.is_empty() || self.region.is_empty() {
            return Err(format!("the service or region of {prefix} is empty"));
        }
        Ok(AwsRange { service: self.service, region: self.region })
    }
}

fn keep_best<P: prefix_trie::Prefix>(entry: Entry<'_, P, AwsRange>, range: AwsRange) {
    match entry {
        Entry::Vacant(entry) => {
            entry.insert(range);
        }
        Entry::Occupied(entry) => {
            if range.compare(entry.get()).is_lt() {
                entry.insert(range);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// A file of entries "prefix service region".
    fn ranges(entries: &[&str]) -> AwsRanges {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for entry in entries {
            let mut words = entry.split(' ');
            let (prefix, service, region) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            let rest = format!(r#""region": "{region}", "service": "{service}", "network_border_group": "{region}""#);
            match prefix.contains(':') {
                true => v6.push(format!(r#"{{"ipv6_prefix": "{prefix}", {rest}}}"#)),
                false => v4.push(format!(r#"{{"ip_prefix": "{prefix}", {rest}}}"#)),
            }
        }
        let json = format!(
            r#"{{"syncToken": "1", "createDate": "2026-03-01-00-00-00", "prefixes": [{}], "ipv6_prefixes": [{}]}}"#,
            v4.join(","),
            v6.join(",")
        );
        AwsRanges::from_json(json.as_bytes()).unwrap()
    }

    fn found(ranges: &AwsRanges, address: &str) -> String {
        ranges
            .find(address.parse().unwrap())
            .map_or("nothing".to_owned(), |range| format!("{} {}", range.service, range.region))
    }

    #[test]
    fn the_longest_prefix_wins() {
        // The first lines of the example in the AWS documentation are of this kind.
        let ranges = ranges(&[
            "198.51.100.0/24 AMAZON eu-west-1",
            "198.51.100.64/26 S3 eu-west-1",
            "198.51.100.96/32 GLOBALACCELERATOR GLOBAL",
            "2001:db8::/32 AMAZON us-east-1",
            "2001:db8:0:8000::/49 CLOUDFRONT GLOBAL",
        ]);
        assert_eq!(found(&ranges, "198.51.100.1"), "AMAZON eu-west-1");
        assert_eq!(found(&ranges, "198.51.100.63"), "AMAZON eu-west-1");
        assert_eq!(found(&ranges, "198.51.100.64"), "S3 eu-west-1");
        assert_eq!(found(&ranges, "198.51.100.96"), "GLOBALACCELERATOR GLOBAL");
        assert_eq!(found(&ranges, "198.51.100.128"), "AMAZON eu-west-1");
        assert_eq!(found(&ranges, "198.51.101.0"), "nothing");
        assert_eq!(found(&ranges, "2001:db8::7fff:0:0:1"), "AMAZON us-east-1");
        assert_eq!(found(&ranges, "2001:db8:0:8000::1"), "CLOUDFRONT GLOBAL");
        assert_eq!(found(&ranges, "2001:db9::1"), "nothing");
    }

    #[test]
    fn of_one_prefix_the_most_specific_service_wins_in_any_order() {
        let mut entries = [
            "203.0.113.0/24 AMAZON us-east-1",
            "203.0.113.0/24 EC2 us-east-1",
            "203.0.113.0/24 ROUTE53_HEALTHCHECKS GLOBAL",
            "203.0.113.0/24 ROUTE53_HEALTHCHECKS us-east-1",
            "203.0.113.0/24 S3 us-west-2",
        ];
        for _ in 0..entries.len() {
            assert_eq!(found(&ranges(&entries), "203.0.113.9"), "ROUTE53_HEALTHCHECKS us-east-1");
            entries.rotate_left(1);
        }
        assert_eq!(found(&ranges(&entries[..2]), "203.0.113.9"), "EC2 us-east-1");
        assert_eq!(found(&ranges(&[entries[1], entries[0]]), "203.0.113.9"), "EC2 us-east-1");
    }

    #[test]
    fn what_is_not_the_file_is_refused() {
        let refused = [
            ("", "EOF"),
            ("<html>", "expected value"),
            ("{}", "missing field `prefixes`"),
            (r#"{"prefixes": [], "ipv6_prefixes": []}"#, "no prefix"),
            (r#"{"prefixes": [{"ip_prefix": "192.0.2.0/33", "service": "S3", "region": "x"}]}"#, "line 1"),
            (r#"{"prefixes": [{"ip_prefix": "192.0.2.0/24", "service": "S3"}]}"#, "missing field `region`"),
            (r#"{"prefixes": [{"ip_prefix": "192.0.2.0/24", "service": "", "region": "x"}]}"#, "192.0.2.0/24"),
        ];
        for (text, expected) in refused {
            let reason = AwsRanges::from_json(text.as_bytes()).unwrap_err();
            assert!(reason.contains(expected), "{text}: {reason}");
        }
    }
}
