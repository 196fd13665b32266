//! Putting the copies together and laying the inventory on the desk.
//!
//! Whoever changes what the copies say holds `publishing` from the change until the inventory with it is on the desk, so what
//! does not fit together can be undone by the one who brought it. The locks on the copies and the desk are held for moments only.

use crate::ec2::live::Shared;
use crate::ec2::live::desk::Health;
use crate::ec2::live::kept::Kept;
use crate::error::LoadError;
use crate::inventory::Inventory;
use std::sync::Arc;

impl Shared {
    /// Puts the copies together, on a thread for what takes long, and lays the inventory on the desk. With the error what is
    /// there stays; the caller, who holds `publishing`, takes the change back.
    pub(super) async fn publish(&self, copies: Vec<Kept>) -> Result<(), String> {
        let health: Vec<Health> = copies.iter().map(Health::of).collect();
        let built = tokio::task::spawn_blocking(move || build(&copies)).await;
        let mut desk = self.desk();
        let error = match built {
            Ok(None) => None,
            Ok(Some(Ok(inventory))) => {
                desk.unusable = None;
                desk.inventory = Some(Arc::new(inventory));
                None
            }
            Ok(Some(Err(error))) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = error {
            tracing::warn!(%error, "what EC2 answered cannot be used; the last copy serves");
            desk.unusable = Some(error.clone()).filter(|_| desk.inventory.is_none());
            return Err(error);
        }
        desk.health = health;
        Ok(())
    }
}

/// The inventory of all copies that are usable; none if there is no such copy.
fn build(copies: &[Kept]) -> Option<Result<Inventory, LoadError>> {
    let usable: Vec<&Kept> = copies.iter().filter(|kept| kept.is_usable()).collect();
    if usable.is_empty() {
        return None;
    }
    let mut documents = Vec::new();
    for kept in &usable {
        let (mut account, _) = kept.scope();
        // Whose the caller's own credentials are may be a guess, by the groups that they show. What another copy is of,
        // they would seem to tell the past of.
        let is_taken = usable.iter().filter(|other| other.scope() == kept.scope()).count() > 1;
        if kept.account.role_arn.is_none() && is_taken {
            account = None;
        }
        documents.append(&mut kept.documents(account));
    }
    let loaded = Inventory::from_documents(documents);
    let confirmed_until = usable.iter().filter_map(|kept| kept.taken()).map(|taken| taken.epoch()).min();
    Some(loaded.map(|loaded| Inventory { confirmed_until, ..loaded.inventory }))
}
