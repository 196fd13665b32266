//! Regions: what zones and ARNs say, and what follows for the things that say nothing.

use crate::document::Document;
use std::collections::BTreeMap;

/// Regions of VPCs and groups, which few of the things in them tell themselves.
#[derive(Default)]
pub(crate) struct Regions {
    of_vpc: BTreeMap<String, String>,
    of_group: BTreeMap<String, String>,
}

impl Regions {
    pub(crate) fn learn_vpcs(&mut self, document: &Document) {
        for subnet in document.subnets.iter().flatten() {
            let of_zone = subnet.availability_zone.as_deref().and_then(region_of_zone);
            let region = of_zone.or_else(|| subnet.subnet_arn.as_deref().and_then(region_of_arn));
            self.learn_vpc(subnet.vpc_id.as_deref(), region);
        }
        for interface in document.network_interfaces.iter().flatten() {
            let region = interface.availability_zone.as_deref().and_then(region_of_zone);
            self.learn_vpc(interface.vpc_id.as_deref(), region);
        }
        for group in document.security_groups.iter().flatten() {
            let region = group.security_group_arn.as_deref().and_then(region_of_arn);
            self.learn_vpc(group.vpc_id.as_deref(), region);
        }
    }

    fn learn_vpc(&mut self, vpc: Option<&str>, region: Option<String>) {
        if let (Some(vpc), Some(region)) = (vpc, region) {
            self.of_vpc.insert(vpc.to_string(), region);
        }
    }

    /// Call it when the VPCs of all documents are known.
    pub(crate) fn learn_groups(&mut self, document: &Document) {
        for group in document.security_groups.iter().flatten() {
            let Some(id) = &group.group_id else { continue };
            if let Some(region) = self.of(group.security_group_arn.as_deref(), group.vpc_id.as_deref()) {
                self.of_group.insert(id.clone(), region);
            }
        }
    }

    /// The region of something with that ARN or in that VPC.
    pub(crate) fn of(&self, arn: Option<&str>, vpc: Option<&str>) -> Option<String> {
        let of_arn = arn.and_then(region_of_arn);
        of_arn.or_else(|| self.of_vpc.get(vpc?).cloned())
    }

    /// The region of a group of which only a rule is at hand.
    pub(crate) fn of_group(&self, id: &str) -> Option<String> {
        self.of_group.get(id).cloned()
    }
}

/// `us-east-1a` and `us-west-2-lax-1a` lie in `us-east-1` and `us-west-2`: a region ends with its first number.
pub(crate) fn region_of_zone(zone: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in zone.split('-') {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        if digits.is_empty() {
            parts.push(part);
            continue;
        }
        parts.push(&digits);
        return Some(parts.join("-"));
    }
    None
}

/// The fourth field of `arn:aws:ec2:REGION:ACCOUNT:...`.
pub(crate) fn region_of_arn(arn: &str) -> Option<String> {
    arn_field(arn, 3)
}

/// The fifth field of `arn:aws:ec2:REGION:ACCOUNT:...`.
pub(crate) fn account_of_arn(arn: &str) -> Option<String> {
    arn_field(arn, 4)
}

fn arn_field(arn: &str, index: usize) -> Option<String> {
    let mut fields = arn.split(':');
    if fields.next() != Some("arn") {
        return None;
    }
    let field = fields.nth(index - 1)?;
    if field.is_empty() { None } else { Some(field.to_string()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn regions_are_cut_out_of_zones_and_arns() {
        assert_eq!(region_of_zone("us-east-1a").unwrap(), "us-east-1");
        assert_eq!(region_of_zone("us-west-2-lax-1a").unwrap(), "us-west-2");
        assert_eq!(region_of_zone("us-gov-west-1b").unwrap(), "us-gov-west-1");
        assert_eq!(region_of_zone("nowhere"), None);
        let arn = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1";
        assert_eq!(region_of_arn(arn).unwrap(), "eu-west-1");
        assert_eq!(account_of_arn(arn).unwrap(), "123456789012");
        assert_eq!(account_of_arn("arn:aws:ec2:eu-west-1::x"), None);
        assert_eq!(region_of_arn("sg-1"), None);
    }
}
