//! Where the groups are: what Terraform needs to be, and a provider for every account and region.

use super::comment::quoted;
use super::path;
use crate::plan::model::{GroupPlan, Plan};
use crate::plan::terraform::rule_block::name_from;
use hcl::{Block, Expression, Identifier, Object, ObjectKey};
use std::collections::{BTreeMap, BTreeSet};

/// `import` blocks: Terraform 1.5.
const TERRAFORM: &str = ">= 1.5.0";
/// `aws_vpc_security_group_ingress_rule` and `..._egress_rule`: announced in 4.56.0.
const PROVIDER: &str = ">= 4.56.0";

/// Account and region; each "" where it is not known.
type Place = (String, String);

/// The accounts and regions of a plan, and what their providers are called.
pub(super) struct Places {
    /// Name by place; none where there is but one place, or nothing is known of it: the provider without a name is meant.
    aliases: BTreeMap<Place, Option<String>>,
}

impl Places {
    pub(super) fn of(plan: &Plan) -> Places {
        let places: BTreeSet<Place> = plan.groups.iter().map(place).collect();
        let is_one = places.len() == 1;
        let mut taken = BTreeSet::new();
        let mut aliases = BTreeMap::new();
        for place in places {
            let is_unknown = place.0.is_empty() && place.1.is_empty();
            if is_one || is_unknown {
                aliases.insert(place, None);
                continue;
            }
            let parts: Vec<&str> =
                [place.0.as_str(), place.1.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
            let mut alias = name_from(&format!("in_{}", parts.join("_")));
            while !taken.insert(alias.clone()) {
                alias.push('_');
            }
            aliases.insert(place, Some(alias));
        }
        Places { aliases }
    }

    /// The name of the provider for a group; none if it is the one without a name.
    pub(super) fn alias(&self, group: &GroupPlan) -> Option<String> {
        self.aliases.get(&place(group)).cloned().flatten()
    }

    /// `terraform`, and `provider` for each place of which something is known. An account that is known is demanded, so that a file is
    /// never applied to another one.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut source: Object<ObjectKey, Expression> = Object::new();
        source.insert(ObjectKey::from(Identifier::unchecked("source")), Expression::from("hashicorp/aws"));
        source.insert(ObjectKey::from(Identifier::unchecked("version")), Expression::from(PROVIDER));
        let providers = Block::builder("required_providers").add_attribute(("aws", Expression::Object(source))).build();
        let terraform =
            Block::builder("terraform").add_attribute(("required_version", TERRAFORM)).add_block(providers).build();
        let mut blocks = vec![terraform];
        for ((account, region), alias) in &self.aliases {
            if account.is_empty() && region.is_empty() {
                continue;
            }
            let mut block = Block::builder("provider").add_label("aws");
            if let Some(alias) = alias {
                block = block.add_attribute(("alias", alias.as_str()));
            }
            if !region.is_empty() {
                block = block.add_attribute(("region", quoted(region)));
            }
            if !account.is_empty() {
                let accounts = vec![quoted(account)];
                block = block.add_attribute(("allowed_account_ids", Expression::Array(accounts)));
            }
            blocks.push(block.build());
        }
        blocks
    }
}

fn place(group: &GroupPlan) -> Place {
    (group.owner_id.clone(), group.region.clone().unwrap_or_default())
}

/// `aws.ALIAS`.
pub(super) fn reference(alias: &str) -> Expression {
    path(&["aws", alias])
}
